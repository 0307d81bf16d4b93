"""Style of every figure: sizes, fonts, colours and markers, and how figures are saved.

Every figure is drawn at two widths, one and two journal columns (3.5 and 7 inches), with text of
the same size (8 pt). The colours are those of Okabe and Ito, which readers with any form of colour
vision can tell apart; each method also has its own marker.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from rlrecovery.storage.files import write_atomically

#: Widths of a figure in inches (89 and 178 mm).
ONE_COLUMN, TWO_COLUMNS = 3.5, 7.0
#: Height in inches of the tallest figure that fits on a journal page.
MAX_HEIGHT = 9.0
#: Colours and markers of methods.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P")
#: Flagged estimates and notes; the truth and other reference lines; secondary lines and text.
FLAG, TRUTH, FAINT = "#D55E00", "#000000", "#767676"

STYLE: Any = {
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

#: File metadata without date or version, so that the same figure is always the same bytes.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}


def styled[**P](draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Apply `STYLE` while a function draws; Matplotlib's global settings stay as they are."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapper


def narrow(width: float) -> bool:
    """Whether a figure of this width (inches) is one journal column wide."""
    return width < 5


def page(width: float, height: float) -> Figure:
    """Return an empty figure with constrained layout, not registered with pyplot."""
    layout = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.05, wspace=0.02, hspace=0.03)
    return Figure(figsize=(width, height), layout=layout)


def blank(width: float, text: str) -> Figure:
    """Return a figure that only says why there is nothing to draw."""
    figure = page(width, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def figure_width(axes: Any) -> float:
    """Width in inches of the figure that holds a panel."""
    return float(axes.get_figure(root=True).get_figwidth())


def colour(names: Sequence[str], name: str) -> str:
    """Colour of a method, given all methods in order."""
    return COLOURS[names.index(name) % len(COLOURS)]


def marker(names: Sequence[str], name: str) -> str:
    """Marker of a method, given all methods in order."""
    rank = names.index(name)  # with more methods than colours, the pairing changes
    return MARKERS[(rank + rank // len(COLOURS)) % len(MARKERS)]


def shade(base: str, rank: int, count: int) -> tuple[float, float, float]:
    """Mix a colour with white: of ``count`` shades the first is the lightest, the last is pure."""
    strength = 1.0 if count == 1 else 0.4 + 0.6 * rank / (count - 1)
    red, green, blue = (float(x) for x in 1 - strength * (1 - np.asarray(to_rgb(base))))
    return red, green, blue


def save(figure: Figure, paths: Iterable[str | os.PathLike[str]]) -> None:
    """Write a figure atomically as SVG (text as text), PDF (TrueType fonts) or PNG (300 dpi)."""
    with mpl.rc_context(STYLE):
        if figure.get_layout_engine() is not None:
            # The layout takes most of the time and is the same for every file.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        for path in map(Path, paths):
            kind = path.suffix.removeprefix(".")
            options: dict[str, Any] = {"format": kind, "dpi": 300, "metadata": _METADATA[kind]}
            write_atomically(path, functools.partial(figure.savefig, **options))
