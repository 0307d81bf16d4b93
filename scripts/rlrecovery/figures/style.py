"""Style of every figure: sizes, fonts, colours and markers, and how figures are saved.

Every figure is drawn at two widths, one and two journal columns (3.5 and 7 inches), with text of
the same size (8 pt). The colours are those of Okabe and Ito, which readers with any form of colour
vision can tell apart; each method also has its own marker.

`applied` changes this for the figures that are drawn and saved within it. Figures are designed for
text of 8 pt: their functions reckon with lengths in *design inches*, in which text always has that
size. With text of 10 pt, a page of 7 inches is 5.6 design inches wide, so that a figure breaks its
lines and places its panels as it does on a narrower page.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import Cycler
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.fonts import families
from rlrecovery.storage.files import write_atomically

#: Widths of a figure in inches (89 and 178 mm).
ONE_COLUMN, TWO_COLUMNS = 3.5, 7.0
#: Height in inches of the tallest figure that fits on a journal page.
MAX_HEIGHT = 9.0
#: Size in points of the text that figures are designed for.
DESIGN_SIZE = 8.0
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
#: Settings of a style file that would contradict other keys or make files differ between runs.
_FIXED = {
    name: mpl.rcParamsDefault[name] for name in ("savefig.bbox", "savefig.pad_inches", "svg.id")
}


@dataclass(frozen=True)
class Look:
    """What `applied` changes.

    Attributes
    ----------
    scale : float
        Size of text relative to the design, and inches per design inch.
    rc : mapping
        Settings of Matplotlib.
    palette : tuple of str
        Colours of methods, in order.
    by_method : mapping
        Colours by name of a method, which come before the palette.
    method_of : mapping
        Methods by the names that figures show.
    dpi : int
        Dots per inch of pictures.
    """

    scale: float = 1.0
    rc: Any = field(default_factory=lambda: STYLE)
    palette: tuple[str, ...] = COLOURS
    by_method: Mapping[str, str] = field(default_factory=dict)
    method_of: Mapping[str, str] = field(default_factory=dict)
    dpi: int = 300


_DEFAULT = Look()
_LOOK: ContextVar[Look] = ContextVar("look", default=_DEFAULT)


@contextlib.contextmanager
def applied(settings: FigureSettings, method_of: Mapping[str, str] | None = None) -> Iterator[None]:
    """Draw and save figures with these settings; ``method_of`` is that of their `Summary`."""
    token = _LOOK.set(_look(settings, method_of or {}))
    try:
        yield
    finally:
        _LOOK.reset(token)


def _look(settings: FigureSettings, method_of: Mapping[str, str]) -> Look:
    """The look that settings describe."""
    rc = settings_rc(settings)
    colours: Any = settings.colours or rc.get("axes.prop_cycle", {})
    if isinstance(colours, Cycler):  # of the style file
        colours = tuple(colours.by_key().get("color", ()))
    is_by_method = isinstance(colours, Mapping)
    by_method = {k: to_hex(v).upper() for k, v in colours.items()} if is_by_method else {}
    first = () if is_by_method else tuple(to_hex(colour).upper() for colour in colours)
    taken = {*first, *by_method.values()}
    palette = (*first, *(colour for colour in COLOURS if colour not in taken))
    scale = settings.points / DESIGN_SIZE
    return Look(scale, rc, palette or COLOURS, by_method, method_of, settings.dpi)


def settings_rc(settings: FigureSettings) -> Any:
    """Settings of Matplotlib with which figures of these settings are drawn and saved."""
    scale = settings.points / DESIGN_SIZE
    rc: dict[str, Any] = dict(STYLE)
    if scale != 1:
        rc |= {name: scale * value for name, value in STYLE.items() if name.endswith("size")}
        rc["lines.markersize"] = STYLE["lines.markersize"]
    if settings.font is not None:
        rc |= families(settings.font, STYLE["font.sans-serif"][0])
    if settings.style is not None:
        # As text, as in the file; Matplotlib converts them.
        rc |= mpl.RcParams(settings.style.values) | _FIXED
    return rc


def points(size: float) -> float:
    """Size of a text in points, which is ``size`` in the design."""
    return size * _LOOK.get().scale


def design_inches(inches: float) -> float:
    """Length in design inches, see above."""
    return inches / _LOOK.get().scale


def max_height() -> float:
    """Height in design inches of the tallest figure that fits on a journal page."""
    return design_inches(MAX_HEIGHT)


def styled[**P](draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Apply the style while a function draws; Matplotlib's global settings stay as they are.

    Lengths that the function is given are in design inches.
    """

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        """Draw in the style."""
        with mpl.rc_context(_LOOK.get().rc):
            return draw(*args, **kwargs)

    return wrapper


def narrow(width: float) -> bool:
    """Whether a figure of this width (design inches) is drawn as on one journal column."""
    return width < 6.5


def page(width: float, height: float) -> Figure:
    """Return an empty figure with constrained layout, not registered with pyplot."""
    layout = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.05, wspace=0.02, hspace=0.03)
    return Figure(figsize=(points(width), points(height)), layout=layout)


def blank(width: float, text: str) -> Figure:
    """Return a figure that only says why there is nothing to draw."""
    figure = page(width, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def figure_width(axes: Any) -> float:
    """Width in design inches of the figure that holds a panel."""
    return design_inches(float(axes.get_figure(root=True).get_figwidth()))


def colour_count() -> int:
    """Number of colours; further methods repeat them with other markers."""
    return len(_LOOK.get().palette)


def colour(names: Sequence[str], name: str) -> str:
    """Colour of a method, given all methods in order."""
    look = _LOOK.get()
    if look.by_method:
        return _colour_by_method(look, names, name)
    return look.palette[names.index(name) % len(look.palette)]


def _colour_by_method(look: Look, names: Sequence[str], name: str) -> str:
    """The colour that a method was given, in shades if it is shown under several names."""
    method = look.method_of.get(name, name)
    if method in look.by_method:
        shown = [other for other in names if look.method_of.get(other, other) == method]
        rank = len(shown) - 1 - shown.index(name)
        return to_hex(shade(look.by_method[method], rank, len(shown)))
    others = [n for n in names if look.method_of.get(n, n) not in look.by_method]
    return look.palette[others.index(name) % len(look.palette)]


def marker(names: Sequence[str], name: str) -> str:
    """Marker of a method, given all methods in order."""
    rank = names.index(name)  # with more methods than colours, the pairing changes
    return MARKERS[(rank + rank // colour_count()) % len(MARKERS)]


def shade(base: str, rank: int, count: int) -> tuple[float, float, float]:
    """Mix a colour with white: of ``count`` shades the first is the lightest, the last is pure."""
    strength = 1.0 if count == 1 else 0.4 + 0.6 * rank / (count - 1)
    red, green, blue = (float(x) for x in 1 - strength * (1 - np.asarray(to_rgb(base))))
    return red, green, blue


def save(figure: Figure, paths: Iterable[str | os.PathLike[str]]) -> None:
    """Write a figure atomically to files of the kinds of their suffixes.

    In SVG, text stays text; in PDF and EPS, fonts are TrueType; pictures have 300 dots per inch
    unless the settings say otherwise.
    """
    look = _LOOK.get()
    with mpl.rc_context(look.rc):
        if figure.get_layout_engine() is not None:
            # The layout takes most of the time and is the same for every file.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        for path in map(Path, paths):
            kind = path.suffix.removeprefix(".")
            options: dict[str, Any] = {"format": kind, "dpi": look.dpi}
            if kind in _METADATA:
                options["metadata"] = _METADATA[kind]
            if kind == "tiff":
                options["pil_kwargs"] = {"compression": "tiff_lzw"}
            write_atomically(path, functools.partial(figure.savefig, **options))
