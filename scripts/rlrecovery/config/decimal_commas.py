"""Lists of a config that are likely meant as numbers with decimal commas.

YAML reads ``alpha: [0,1, 0,3]`` as four whole numbers. Two signs in the spelling give it away:

- Of a list of whole numbers, pairs have no space after their comma and stand apart from the other
  entries by a space: ``[0,1, 0,3]``. Few people write a list of whole numbers in this way.
- A list of true values or of mean rewards is one pair of whole numbers without a space, ``[1,5]``,
  while the other lists of numbers of the file have a space after every comma.

A list that counts (participants, trials, reversals, missing trials) or that must have two entries
(bounds, limits) is none of these.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from rlrecovery.config.mistakes import Mistake, Path, dotted
from rlrecovery.config.number_spelling import entries

#: Keys below which numbers are whole, or below which lists have two entries.
_OTHER_LISTS = {"participants", "trials", "after", "missing_trials", "bounds", "limits"}
#: Keys below which one pair of whole numbers is unusual.
_REAL_LISTS = {"truth", "arms"}

_WHOLE = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?[\d.]+([eE][-+]?\d+)?")


def decimal_commas(root: Node) -> Iterator[Mistake]:
    """Yield a note for each list that is likely meant as numbers with decimal commas."""
    lists = [
        (path, node.value)
        for path, node in entries(root)
        if isinstance(node, SequenceNode) and node.flow_style and _are(_NUMBER, node.value)
    ]
    for path, items in lists:
        if _OTHER_LISTS & set(path) or not _are(_WHOLE, items):
            continue
        others = [gap for other, inner in lists if other != path for gap in _is_tight(inner)]
        if _has_pairs(items) or (_is_one_pair(path, items) and others and not any(others)):
            yield _note(path, items)


def _are(pattern: re.Pattern[str], items: Sequence[Node]) -> bool:
    """Whether entries are plain scalars of a form."""
    return all(
        isinstance(item, ScalarNode) and item.style is None and pattern.fullmatch(item.value)
        for item in items
    )


def _is_tight(items: Sequence[Node]) -> list[bool]:
    """For every comma, whether it stands between two entries without a space."""
    return [b.start_mark.index - a.end_mark.index == 1 for a, b in itertools.pairwise(items)]


def _groups(items: Sequence[Node]) -> list[list[str]]:
    """Texts of the entries, in groups that spaces separate."""
    groups = [[items[0].value]]
    for item, tight in zip(items[1:], _is_tight(items), strict=True):
        if tight:
            groups[-1].append(item.value)
        else:
            groups.append([item.value])
    return groups


def _has_pairs(items: Sequence[Node]) -> bool:
    """Whether a list has several groups, at least half of them pairs and the others single."""
    sizes = [len(group) for group in _groups(items)] if items else []
    return len(sizes) > 1 and set(sizes) <= {1, 2} and 2 * sizes.count(2) >= len(sizes)


def _is_one_pair(path: Path, items: Sequence[Node]) -> bool:
    return bool(_REAL_LISTS & set(path)) and _is_tight(items) == [True]


def _note(path: Path, items: Sequence[Node]) -> Mistake:
    groups = _groups(items)
    given = ", ".join(",".join(group) for group in groups)
    meant = ", ".join(".".join(group) for group in groups)
    text = (
        f"{dotted(path)} is a list of {len(items)} whole numbers, [{given}]; if {len(groups)} "
        f"{'number is' if len(groups) == 1 else 'numbers are'} meant, write [{meant}]"
    )
    return Mistake(path, text, items[0].start_mark.line + 1)
