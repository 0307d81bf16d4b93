"""Legends: one per page, below all panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import wrap
from rlrecovery.figures.uncertainty import BARS

#: Rows of a legend for which every page has room, and the height of a row in inches.
FREE_ROWS, ROW_HEIGHT = 5, 0.155
#: Letters of a legend per inch of its width, and letters that the symbol of an entry takes.
_LETTERS_PER_INCH, _SYMBOL = 16.4, 6


def legend(figure: Figure, handles: Sequence[Artist], free_rows: int = FREE_ROWS) -> None:
    """Add one legend below all panels; beyond ``free_rows`` rows it makes the page higher."""
    if not handles:
        return
    width, height = map(style.design_inches, figure.get_size_inches())
    _wrap_labels(handles, int(_LETTERS_PER_INCH * width) - _SYMBOL)
    columns = _column_count([str(handle.get_label()) for handle in handles], width)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)
    extra = ROW_HEIGHT * (-(-len(handles) // columns) - free_rows)
    figure.set_figheight(style.points(max(height, min(height + extra, style.max_height()))))


def legend_height(labels: Sequence[str], width: float) -> float:
    """Height in inches that a legend with these labels needs beyond `FREE_ROWS` rows."""
    return ROW_HEIGHT * max(0, -(-len(labels) // _column_count(labels, width)) - FREE_ROWS)


def free_rows(methods: Sequence[str]) -> int:
    """Rows of a legend of methods for which the page has room; few if there are many methods."""
    return FREE_ROWS if len(methods) <= style.colour_count() else 2


def entry(label: str, **properties: Any) -> Line2D:
    """Return a legend entry with these properties of its line and marker; ``ls=""`` for no line."""
    return Line2D([], [], label=label, **properties)


def method_entries(methods: Sequence[str]) -> list[Line2D]:
    """Legend entries with the colour and marker of each method."""
    return [
        entry(name, color=style.colour(methods, name), marker=style.marker(methods, name), ls="")
        for name in methods
    ]


def trial_entries(trials: Sequence[int], label: str) -> list[Line2D]:
    """Legend entries for the shades of trials; ``label`` is a format string with ``{}``."""
    inks = [style.shade("#333333", rank, len(trials)) for rank in range(len(trials))]
    return [
        entry(label.format(count), marker="o", ls="", ms=3, color=ink)
        for count, ink in zip(trials, inks, strict=True)
    ]


def bar_entry(along: str = "y") -> Line2D:
    """Legend entry of error bars along "x" or "y": in every figure 95 % Monte Carlo intervals."""
    mark = {"x": "_", "y": "|"}[along]
    return entry(BARS, color="#333333", marker=mark, ls="", ms=7, mew=0.8)


def _column_count(labels: Sequence[str], width: float) -> int:
    """Columns of a legend with these labels on a page of a width in inches."""
    lengths = [len(label) + _SYMBOL for label in labels]
    rows = max(1, int(np.ceil(sum(lengths) / (15 * width))))
    columns = int(np.ceil(len(labels) / rows))
    while columns > 1 and _letters_across(lengths, columns) > _LETTERS_PER_INCH * width:
        columns -= 1
    return columns


def _letters_across(lengths: Sequence[int], columns: int) -> int:
    """Width in letters of a legend that is filled column by column, the first ones fuller."""
    parts = np.array_split(lengths, columns)
    return int(sum(part.max() for part in parts if part.size))


def _wrap_labels(handles: Sequence[Artist], letters: int) -> None:
    """Break labels that are wider than the page."""
    for handle in handles:
        if len(label := str(handle.get_label())) > letters:
            handle.set_label("\n".join(wrap(label, letters)))
