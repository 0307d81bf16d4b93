"""Short names of models, and tick labels that hold them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

#: Common abbreviations and proper names.
ABBREVIATIONS = {
    "rescorla wagner": "RW",
    "win stay lose shift": "WSLS",
    "pearce hall": "Pearce-Hall",
    "kalman": "Kalman",
}
#: Height of a line and width of a letter in inches.
LINE, LETTER = 0.125, 0.062
#: Letters per line of a name that is written vertically.
VERTICAL_LETTERS = 14


def short_name(label: str) -> str:
    """Name of a model in words, abbreviated where that is common."""
    text = label.replace("_", " ")
    for words, name in ABBREVIATIONS.items():
        text = text.replace(words, name)
    return text


def tick_names(labels: Iterable[str], slot: float) -> tuple[list[str], bool]:
    """Names for ticks ``slot`` inches apart, and whether they are written vertically."""
    names, letters = [short_name(label) for label in labels], int(slot / LETTER)
    vertical = max(len(word) for name in names for word in name.split()) > letters
    most = letters if not vertical else VERTICAL_LETTERS if slot > 2 * LINE else 99
    return ["\n".join(textwrap.wrap(name, most)) for name in names], vertical


def names_height(labels: Iterable[str], slot: float) -> float:
    """Height in inches of `tick_names` below a panel."""
    names, vertical = tick_names(labels, slot)
    lines = [name.split("\n") for name in names]
    if vertical:
        return LETTER * max(len(line) for name in lines for line in name)
    return LINE * max(len(name) for name in lines)


def name_ticks(axes: Axes, labels: Sequence[str], slot: float, first: float = 0) -> None:
    """Set `tick_names` below a panel, at ``first``, ``first + 1``, ..."""
    names, vertical = tick_names(labels, slot)
    axes.set_xticks(np.arange(len(names)) + first, names, linespacing=1.0)
    if vertical:
        # The lines end at the axis.
        axes.tick_params(axis="x", labelrotation=90)
        for tick in axes.get_xticklabels():
            tick.set_multialignment("right")
