"""Numbers of a YAML file whose spelling means something else to people or to other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rlrecovery.config.mistakes import Mistake, Path, mistake

_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_OTHER_BASE = re.compile(r"[-+]?0[box][0-9A-Fa-f_]+")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9_]+(:[0-9_.]+)+")


def entries(root: Node) -> Iterator[tuple[Path, Node]]:
    """Yield every node below a node with its path; one with several anchors at its first place."""
    visited: set[int] = set()
    waiting: list[tuple[Path, Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        yield path, node
        if isinstance(node, MappingNode):
            inner = [((*path, str(key.value)), value) for key, value in node.value]
        elif isinstance(node, SequenceNode):
            inner = [((*path, i), value) for i, value in enumerate(node.value)]
        else:
            continue
        waiting += reversed(inner)


def misread_numbers(root: Node) -> Iterator[Mistake]:
    """Yield a mistake for each number with a leading zero, in another base or in parts of 60.

    YAML 1.1 reads 020 as 16 and 1:30 as 90, YAML 1.2 reads 020 as 20; people mean 20, or a time.
    """
    for path, node in entries(root):
        if not (isinstance(node, ScalarNode) and node.style is None and node.tag in _NUMBER_TAGS):
            continue
        text = node.value
        if _LEADING_ZERO.fullmatch(text):
            reason = "some programs read as octal; write it without the zero at its start"
        elif _OTHER_BASE.fullmatch(text) or _SEXAGESIMAL.fullmatch(text):
            reason = "is not a decimal number; write the decimal number, or text in quotes"
        else:
            continue
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        which = f"is {shown}, which {reason}"
        yield Mistake(path, mistake(path, which).sentence, node.start_mark.line + 1)
