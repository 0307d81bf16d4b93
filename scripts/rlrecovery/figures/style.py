"""The look of every figure, in one place: sizes, fonts, colours, markers, and how files are saved.

Figures are two columns of a journal wide (7 inches) with 8 pt text. Colours are those of Okabe
and Ito, which people with any colour vision tell apart; every method has a marker of its own too.
"""

from __future__ import annotations

import functools
import os
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rlrecovery import tables

WIDTH = 7.0
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P")
ARMS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
FLAG = "#D55E00"
TRUTH = "#000000"
FAINT = "#767676"

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "rlrecovery",
    "pdf.fonttype": 42,
    "path.simplify": True,
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the common style without touching matplotlib's global one."""

    @functools.wraps(draw)
    def wrapped(*arguments: Any, **keywords: Any) -> Figure:
        """The figure, with the style in force only while it is drawn."""
        with mpl.rc_context(STYLE):
            return draw(*arguments, **keywords)

    return wrapped


def page(height: float) -> Figure:
    """An empty figure of full width; it belongs to nobody but the caller."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.05, wspace=0.02, hspace=0.03)
    return figure


def facets(rows: int, columns: int, height: float = 1.6, **keywords: Any) -> tuple[Figure, Any]:
    """A page of panels; a single column is laid out as a row.

    Returns
    -------
    Figure, ndarray of Axes
        The axes are indexed ``[row, column]`` as asked for, however they are laid out.
    """
    turned = columns == 1 and rows > 1
    shape = (columns, rows) if turned else (rows, columns)
    if turned:
        swap = {"row": "col", "col": "row"}
        keywords = {k: swap.get(v, v) for k, v in keywords.items()}
    tall = max(height, min(2.6, 4.4 / shape[1])) if shape[0] < 3 else height
    tall = min(tall, 1.4) if shape[0] > 4 else tall
    figure = page(0.55 + tall * shape[0])
    axes = figure.subplots(*shape, squeeze=False, **keywords)
    return figure, axes.T if turned else axes


def colour(names: Sequence[str], name: str) -> str:
    """Colour of a method."""
    return COLOURS[names.index(name) % len(COLOURS)]


def marker(names: Sequence[str], name: str) -> str:
    """Marker of a method."""
    return MARKERS[names.index(name) % len(MARKERS)]


def shade(base: str, rank: int, of: int) -> tuple[float, float, float]:
    """A colour mixed with white: the last rank is full, the first the lightest."""
    strength = 1.0 if of == 1 else 0.4 + 0.6 * rank / (of - 1)
    rgb = np.asarray(to_rgb(base))
    return tuple(float(x) for x in 1 - strength * (1 - rgb))


def method_handles(names: Sequence[str], shown: Sequence[str] | None = None) -> list[Line2D]:
    """Legend entries of methods."""
    return [
        Line2D([], [], color=colour(names, m), marker=marker(names, m), ls="", label=m)
        for m in (names if shown is None else shown)
    ]


def legend(figure: Figure, handles: Sequence[Any]) -> None:
    """One legend for the page, below all panels."""
    if handles:
        letters = sum(len(str(handle.get_label())) + 6 for handle in handles)
        rows = max(1, int(np.ceil(letters / 105)))
        columns = int(np.ceil(len(handles) / rows))
        while columns > 1 and _widest(handles, columns) > 115:
            columns -= 1
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def _widest(handles: Sequence[Any], columns: int) -> int:
    """Letters across a legend that is filled column by column, the first ones fuller."""
    parts = np.array_split([len(str(handle.get_label())) + 6 for handle in handles], columns)
    return int(sum(part.max() for part in parts if part.size))


def fence(values: Any, keep: Sequence[float] = (), factor: float = 3.0) -> tuple[float, float]:
    """Limits of an axis that a few runaways cannot stretch.

    Parameters
    ----------
    values : array_like
        What is drawn.
    keep : sequence of float
        Values that must stay inside.
    factor : float
        Limits lie at most so many interquartile ranges beyond the quartiles.

    Returns
    -------
    tuple of float
        Lower and upper limit with a small margin.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    kept = [float(x) for x in keep if np.isfinite(x)]
    if finite.size:
        low, high = np.quantile(finite, [0.25, 0.75])
        reach = factor * (high - low)
        low, high = max(finite.min(), low - reach), min(finite.max(), high + reach)
        kept += [float(low), float(high)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def beyond(axes: Axes, x: Any, y: Any, limits: tuple[float, float], ink: Any) -> int:
    """Mark points above or below the limits by arrow heads at the edge; return how many."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    inset = 0.025 * (limits[1] - limits[0])
    high, low = y > limits[1], y < limits[0]
    for chosen, edge, head in ((high, limits[1] - inset, "^"), (low, limits[0] + inset, "v")):
        if chosen.any():
            axes.plot(
                x[chosen],
                np.full(chosen.sum(), edge),
                head,
                ms=3,
                mfc="none",
                mec=ink,
                mew=0.7,
                clip_on=False,
                zorder=5,
            )
    return int(high.sum() + low.sum())


def note_beyond(axes: Axes, count: int, total: int, what: str = "") -> None:
    """Say above a panel how many values lie outside its axis."""
    if count:
        axes.annotate(
            f"{count} of {total}{what} beyond axis",
            (1, 1),
            (0, 2),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=6.5,
            color=FLAG,
        )


def title(axes: Axes, text: str) -> None:
    """Panel title at the left, wrapped to the panel, above the line that `note_beyond` may need."""
    columns = _columns(axes)
    letters = int((WIDTH / columns - 0.5) / 0.057)
    if columns > 3:
        text = text.replace(", ", ",\n")
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, letters) or [""]]
    axes.set_title("\n".join(lines), loc="left", pad=11, fontsize=7.5)


def _columns(axes: Axes) -> int:
    grid = axes.get_gridspec()
    return grid.ncols if grid is not None else 1


def few_ticks(axes: Axes, x: int | None = None, y: int | None = None) -> None:
    """Limit the number of ticks; a narrow panel has room for fewer."""
    if x:
        axes.xaxis.set_major_locator(MaxNLocator(x if _columns(axes) < 4 else min(x, 3)))
    if y:
        axes.yaxis.set_major_locator(MaxNLocator(y))


def save(figure: Figure, svg: str | os.PathLike[str], pdf: str | os.PathLike[str]) -> None:
    """Write a figure as SVG (text as text) and PDF (TrueType), each whole or not at all.

    The same figure gives the same bytes: no date and no random identifiers are written.
    """

    def write(kind: str, path: Path) -> None:
        """One file, without its date."""
        date = {"svg": "Date", "pdf": "CreationDate"}[kind]
        figure.savefig(path, format=kind, metadata={date: None})

    with mpl.rc_context(STYLE):
        if figure.get_layout_engine() is not None:
            # Laying out takes most of the time and need not be done for each of the files.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        tables.write_atomically(svg, lambda path: write("svg", path))
        tables.write_atomically(pdf, lambda path: write("pdf", path))
