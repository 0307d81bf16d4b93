"""Read a YAML 1.2 file as plain Python values, and find the line of each key."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rlrecovery.config.mistakes import Mistake, Path, dotted

#: A larger file is not a config; reading YAML takes seconds per megabyte.
MOST_BYTES = 600_000
_MERGE = "tag:yaml.org,2002:merge"
_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


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
        return next((pair for pair in [*_pairs(node)][::-1] if pair[0].value == str(key)), None)
    return None


def _pairs(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    """Keys and values; those merged by ``<<`` come first, so later ones override them."""
    for key, value in node.value:
        if key.tag == _MERGE:
            sections = value.value if isinstance(value, SequenceNode) else [value]
            for section in reversed(sections):
                if not isinstance(section, MappingNode):
                    raise ConstructorError(None, None, "<< must be a section", value.start_mark)
                yield from _pairs(section)
    yield from (pair for pair in node.value if pair[0].tag != _MERGE)


class _Builder:
    """Plain values of nodes; a node that has several aliases is built once."""

    def __init__(self, yaml: YAML) -> None:
        self._scalar = yaml.constructor.construct_object
        self._built: dict[int, Any] = {}
        self.mistakes: list[Mistake] = []

    def build(self, node: Node, path: Path = ()) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._built:
            return self._built[id(node)]
        if node.tag not in _COLLECTIONS:
            raise ConstructorError(None, None, f"the tag {node.tag} is unknown", node.start_mark)
        if isinstance(node, SequenceNode):
            values: list[Any] = []
            self._built[id(node)] = values
            values.extend(self.build(item, (*path, i)) for i, item in enumerate(node.value))
            return values
        assert isinstance(node, MappingNode)
        section: dict[Any, Any] = {}
        self._built[id(node)] = section
        self._note_repeats(node, path)
        for key, value in _pairs(node):
            if not isinstance(key, ScalarNode):
                raise ConstructorError(None, None, "a key must be text", key.start_mark)
            section[self._scalar(key)] = self.build(value, (*path, str(key.value)))
        return section

    def _note_repeats(self, node: Node, path: Path) -> None:
        first_lines: dict[tuple[Any, Any], int] = {}
        for key in (key for key, _ in node.value if isinstance(key, ScalarNode)):
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in first_lines:
                keys = (*path, key.value)
                text = f"duplicate key '{dotted(keys)}', first given in line {first_lines[name]}"
                self.mistakes.append(Mistake(keys, "repeated_key", None, text, line))
            first_lines.setdefault(name, line)


def read_yaml(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file; one that cannot be read gives a document with one mistake."""
    yaml, file = YAML(typ="safe", pure=True), pathlib.Path(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            text = f"file is larger than {MOST_BYTES // 1000} kB, the limit for a config"
            return _unreadable("too_large", text)
        root = yaml.compose(file.read_text(encoding="utf-8"))
        builder = _Builder(yaml)
        content = None if root is None else builder.build(root)
        return Document(content, tuple(builder.mistakes), root)
    except FileNotFoundError:
        return _unreadable("no_file", "no such file")
    except OSError as error:
        return _unreadable("no_file", f"cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return _unreadable("not_text", "not text in UTF-8")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        return _unreadable("not_yaml", f"not valid YAML: {error.problem or error.context}", line)
    except RecursionError:
        return _unreadable("not_yaml", "not valid YAML: nested too deeply")
    except YAMLError as error:
        return _unreadable("not_yaml", f"not valid YAML: {str(error).splitlines()[0]}")
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        return _unreadable("not_yaml", f"not valid YAML: {error}")  # a date such as 2024-13-45


def _unreadable(kind: str, text: str, line: int | None = None) -> Document:
    return Document(mistakes=(Mistake((), kind, None, text, line),))
