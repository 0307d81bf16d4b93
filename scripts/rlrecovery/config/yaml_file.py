"""Read a YAML 1.2 file as plain Python values, and find the line of each key."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rlrecovery.config.mistakes import Mistake, Path, dotted
from rlrecovery.config.number_spelling import misread_numbers
from rlrecovery.storage.regular import endless_kind

#: A larger file is not a config; reading YAML takes seconds per megabyte.
MOST_BYTES = 600_000


@dataclass(frozen=True)
class Document:
    """Values of a YAML file, its mistakes, and ruamel.yaml's tree with the line numbers."""

    content: Any = None
    mistakes: tuple[Mistake, ...] = ()
    root: Node | None = None

    def line(self, path: Path) -> int | None:
        """Line of the key at a path, from 1; of the enclosing section if the key is missing."""
        node, line = self.root, None
        for key in path:
            entry = _entry(node, key)
            if entry is None:
                break
            at, node = entry
            line = at.start_mark.line + 1
        return line


def _entry(node: Node | None, key: str | int) -> tuple[Node, Node] | None:
    """Nodes of the key and of the value of an entry."""
    if isinstance(node, SequenceNode) and isinstance(key, int):
        return (node.value[key], node.value[key]) if key < len(node.value) else None
    if isinstance(node, MappingNode):
        # The last of equal keys counts; keys merged by ``<<`` have been put first.
        return next((pair for pair in node.value[::-1] if pair[0].value == str(key)), None)
    return None


class _Constructor(SafeConstructor):
    """Plain values of the tags that a config may have; the last of equal keys counts."""

    def check_mapping_key(self, *arguments: Any) -> bool:
        """Accept every key; `_repeated_keys` reports those that stand twice."""
        return True

    def construct_yaml_int(self, node: ScalarNode) -> int:
        """A whole number; of one that Python refuses to read, only sign and number of digits."""
        try:
            return int(super().construct_yaml_int(node))
        except ValueError:
            digits = len(re.findall("[0-9]", node.value))
            return (-1 if node.value.startswith("-") else 1) * 10 ** (digits - 1)


_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.construct_yaml_int)
for _tag in ("omap", "pairs", "set"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_tag}", SafeConstructor.construct_undefined)


def _repeated_keys(node: Node, path: Path, visited: set[int]) -> Iterator[Mistake]:
    """Yield a mistake for each key that a section has twice; an error if a key is no text."""
    if isinstance(node, ScalarNode) or id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, SequenceNode):
        for i, item in enumerate(node.value):
            yield from _repeated_keys(item, (*path, i), visited)
        return
    first_lines: dict[tuple[Any, Any], int] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise ConstructorError(None, None, "a key must be text", key.start_mark)
        keys, name, line = (*path, key.value), (key.tag, key.value), key.start_mark.line + 1
        if name in first_lines:
            text = f"duplicate key '{dotted(keys)}', first given in line {first_lines[name]}"
            yield Mistake(keys, text, line)
        first_lines.setdefault(name, line)
        yield from _repeated_keys(value, keys, visited)


def read_yaml(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file; one that cannot be read gives a document with one mistake."""
    yaml, file = YAML(typ="safe", pure=True), pathlib.Path(path)
    yaml.Constructor, yaml.allow_duplicate_keys = _Constructor, True
    if kind := endless_kind(path):
        return _unreadable(f"is {kind}, not a file; write the config into a file")
    try:
        if file.stat().st_size > MOST_BYTES:
            return _unreadable(
                f"file is larger than {MOST_BYTES // 1000} kB, the limit for a config"
            )
        root = yaml.compose(file.read_text(encoding="utf-8"))
        if root is None:
            return Document()
        # Before `<<` is replaced.
        mistakes = (*_repeated_keys(root, (), set()), *misread_numbers(root))
        return Document(yaml.constructor.construct_document(root), mistakes, root)
    except FileNotFoundError:
        return _unreadable("no such file")
    except OSError as error:
        return _unreadable(f"cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return _unreadable("not text in UTF-8")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        return _unreadable(f"not valid YAML: {error.problem or error.context}", line)
    except RecursionError:
        return _unreadable("not valid YAML: nested too deeply")
    except YAMLError as error:
        return _unreadable(f"not valid YAML: {str(error).splitlines()[0]}")
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        return _unreadable(f"not valid YAML: {error}")  # a date such as 2024-13-45


def _unreadable(text: str, line: int | None = None) -> Document:
    return Document(mistakes=(Mistake((), text, line),))
