"""Examples of keys: where config.yaml and the configs of the tests have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import yaml

from reference_pages.markdown import ROOT

#: Configs with examples, in the order in which they are searched.
CONFIGS = ("config.yaml", *sorted(f"tests/config/{p.name}" for p in ROOT.glob("tests/config/*.y*")))


class Setting(NamedTuple):
    """A key of a config: its file, its path, its first and last line, and its value if a scalar."""

    file: str
    path: tuple[str, ...]
    lines: tuple[int, int]
    value: str


def example(*keys: str) -> Setting | None:
    """The first place where a key is set; ``"task", "drift"`` may be that of one of the tasks."""
    among_tasks = ("tasks", "*", *keys[1:])

    def matches(setting: Setting) -> bool:
        path = setting.path
        if keys[0] == "task" and path[:1] == ("tasks",) and len(path) > 2:
            path = ("tasks", "*", *path[2:])
        return path in (keys, among_tasks)

    return _first(matches)


def example_of_estimator(estimator: str) -> Setting | None:
    """The first method with an estimator."""
    found = _first(lambda s: s.path[::2] == ("methods", "estimator") and s.value == estimator)
    return found and _first(lambda s: s.file == found.file and s.path == found.path[:2])


def _first(matches: Callable[[Setting], bool]) -> Setting | None:
    return next((s for file in CONFIGS for s in _settings(file) if matches(s)), None)


@cache
def _settings(file: str) -> list[Setting]:
    """All keys of a config."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return list(_below(yaml.compose(text), (), file, text.splitlines()))


def _below(
    node: yaml.Node | None, path: tuple[str, ...], file: str, text: list[str]
) -> Iterator[Setting]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            scalar = value.value if isinstance(value, yaml.ScalarNode) else ""
            own = (*path, key.value)
            yield Setting(file, own, _lines(key, value, text), scalar)
            yield from _below(value, own, file, text)


def _lines(key: yaml.Node, value: yaml.Node, text: list[str]) -> tuple[int, int]:
    """First and last line, from 1, without empty lines and comments that belong to what follows."""
    last = value.end_mark.line
    if isinstance(value, yaml.CollectionNode) and not value.flow_style:
        last -= 1  # the end of a block is where the next key begins
    while not text[last].strip() or text[last].lstrip().startswith("#"):
        last -= 1
    return key.start_mark.line + 1, last + 1
