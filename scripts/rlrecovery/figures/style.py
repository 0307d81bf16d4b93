"""The look of every figure, in one place: sizes, fonts, colours, markers, and how files are saved.

Every figure comes in two widths, one and two columns of a journal (3.5 and 7 inches), with the same
8 pt text. Colours are those of Okabe and Ito, which people with any colour vision tell apart; every
method has a marker of its own too.
"""

from __future__ import annotations

import functools
import itertools
import os
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from rlrecovery.storage import files as tables

#: Widths in inches: 89 and 178 mm.
ONE_COLUMN, TWO_COLUMNS = 3.5, 7.0
#: Tallest page that a journal prints a figure on, in inches.
TALLEST = 9.0
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


def narrow(width: float) -> bool:
    """Whether a figure of that width has room for one column of a journal only."""
    return width < 5


def page(width: float, height: float) -> Figure:
    """An empty figure; it belongs to nobody but the caller."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.05, wspace=0.02, hspace=0.03)
    return figure


#: Panels beside each other as they are asked for; more than that are broken into lines of at most
#: so many.
MOST_BESIDE, MOST_BROKEN = 5, 4
#: Least height of a panel with its title and labels, in inches, and what else a page needs.
LEAST, AROUND = 1.35, 0.55

#: Row and column of a panel.
Place = tuple[int, int]


@dataclass(frozen=True)
class Facets:
    """Panels of a page, asked for as rows and columns and laid out as the page has room.

    Attributes
    ----------
    figure : Figure
        The page.
    panels : dict
        Axes by row and column as asked for.
    places : dict
        From row and column as asked for to row and column on the page.
    flowing : bool
        Whether panels follow each other and do not stand in the rows and columns asked for.
    left_out : int
        Panels that there are and that the page has no room for.
    """

    figure: Figure
    panels: dict[Place, Axes]
    places: dict[Place, Place]
    flowing: bool = False
    left_out: int = 0

    def __getitem__(self, place: Place) -> Axes:
        return self.panels[place]

    def headed(self, i: int, j: int) -> bool:
        """Whether a panel needs a heading of its own: none of its column stands above it."""
        down, across = self.places[i, j]
        return self.flowing or down == 0 or self.places.get((i - 1, j)) != (down - 1, across)

    def begins(self, i: int, j: int) -> bool:
        """Whether a panel needs a label of its vertical axis: none of its row stands before it."""
        down, across = self.places[i, j]
        return self.flowing or across == 0 or self.places.get((i, j - 1)) != (down, across - 1)

    def say_left_out(self, which: str, table: str) -> None:
        """Write above the page how many panels have no room, which have, and where all are."""
        if self.left_out:
            count = len(self.panels) + self.left_out
            shown = f"{len(self.panels)} of {count} panels, of every parameter those {which}"
            text = f"{shown}; all are in {table}"
            aside(self.figure, text)


@dataclass(frozen=True)
class Wish:
    """What a figure wishes of its panels.

    Attributes
    ----------
    height, least : float
        Of a panel, in inches: where nothing speaks for another, and for it to be readable.
    share_rows : bool
        Whether the panels of a row have the same vertical axis.
    beside : tuple of int
        Panels beside each other, where rows are broken, in two columns and in one column.
    there : collection of Place, optional
        Panels that exist; all, if not given.
    telling : callable, optional
        How telling a panel is, where not all have room; the first ones are, if not given.
    titles : iterable of sequence of str
        Parts of the longest titles, as `title` takes them: many lines need higher panels.
    below : float
        Inches that the legend takes beyond the usual ones.
    """

    height: float = 1.6
    least: float = LEAST
    share_rows: bool = False
    beside: tuple[int, int] = (MOST_BROKEN, 2)
    there: Collection[Place] | None = None
    telling: Callable[[Place], float] | None = None
    titles: Iterable[Sequence[str]] = ()
    below: float = 0.0


def facets(width: float, rows: int, columns: int, **wishes: Any) -> Facets:
    """A page of panels, never taller than a journal prints.

    A single column is laid out as a row. Rows that are too long are broken, and two long rows are
    turned into two columns in one column of a journal. Where some of the panels do not exist, or
    where there are too many for rows, the others follow each other.

    Parameters
    ----------
    width : float
        Of the page, in inches.
    rows, columns : int
        Panels.
    **wishes
        Attributes of `Wish`.
    """
    wish, asked = Wish(**wishes), list(itertools.product(range(rows), range(columns)))
    kept = [place for place in asked if wish.there is None or place in wish.there]
    room = TALLEST - AROUND - wish.below
    across = _beside(columns if columns > 1 else rows, width, wish.beside)
    places = _places(rows, columns, across, narrow(width)) if len(kept) == len(asked) else {}
    if flowing := not places or _deep(places) > int(room / wish.least):
        across = _broken(len(kept), width, wish.beside)
    more = _for_titles(wish.titles, width, across, flowing)
    if flowing:
        most = across * max(1, int(room / (wish.least + more)))
        chosen = _most_of_rows(kept, most, wish.telling)
        places = {place: divmod(k, across) for k, place in enumerate(chosen)}
    tall = _height(_deep(places), wish.height, 0.63 * width / across, more, room)
    figure = page(width, AROUND + tall * _deep(places))
    grid = figure.add_gridspec(_deep(places), across)
    panels = {asked: figure.add_subplot(grid[place]) for asked, place in places.items()}
    made = Facets(figure, panels, places, flowing, len(kept) - len(places))
    if wish.share_rows:
        _share_rows(made)
    return made


def _share_rows(made: Facets) -> None:
    """One vertical axis for the panels of a row as asked for, labelled where it begins."""
    firsts: dict[int, Axes] = {}
    for (i, j), axes in made.panels.items():
        if i in firsts:
            axes.sharey(firsts[i])
        if not made.begins(i, j):
            axes.tick_params(labelleft=False)
        firsts.setdefault(i, axes)


def _for_titles(titles: Iterable[Sequence[str]], width: float, across: int, flowing: bool) -> float:
    """Inches that lines of titles take beyond the usual ones."""
    beside = _beside_title(narrow(width), flowing)
    lines = [len(_title_lines(parts, width / across, beside)) for parts in titles]
    return 0.105 * max(0, max(lines, default=0) - (2 if flowing else 4))


def _height(deep: int, usual: float, broad: float, more: float, room: float) -> float:
    """Height of a panel of so many below each other; higher if few are broad; more for titles."""
    tall = max(usual, min(2.6, broad)) if deep < 3 else usual
    tall = (min(tall, 1.4) if deep > 4 else tall) + more
    return min(tall, room / deep)


def _beside(panels: int, width: float, beside: tuple[int, int]) -> int:
    """Panels beside each other, of so many that would be in a row."""
    if narrow(width):
        return min(panels, beside[1])
    return panels if panels <= MOST_BESIDE else _broken(panels, width, beside)


def _broken(panels: int, width: float, beside: tuple[int, int]) -> int:
    """Panels in a line where a row is broken, in two columns into lines of about one length."""
    most = beside[narrow(width)]
    return min(panels, most) if narrow(width) else -(-panels // -(-panels // most))


def _places(rows: int, columns: int, across: int, turn: bool) -> dict[Place, Place]:
    """Where each panel stands on a page with room for so many beside each other."""
    asked = list(itertools.product(range(rows), range(columns)))
    if turn and 1 < rows <= across < columns:
        return {(i, j): (j, i) for i, j in asked}
    if columns == 1:
        return {(i, j): divmod(i, across) for i, j in asked}
    lines = -(-columns // across)
    return {(i, j): (i * lines + j // across, j % across) for i, j in asked}


def _deep(places: Mapping[Place, Place]) -> int:
    """Panels below each other."""
    return 1 + max(down for down, _ in places.values())


def _most_of_rows(
    kept: Sequence[Place], most: int, telling: Callable[[Place], float] | None
) -> list[Place]:
    """The panels that tell most, first that of every row, then the next of every row."""
    if len(kept) <= most or telling is None:
        return list(kept[:most])
    numbers = dict(zip(kept, np.nan_to_num([telling(p) for p in kept], nan=-np.inf), strict=True))
    ranks = {}
    for _, row in itertools.groupby(kept, key=lambda place: place[0]):
        best = sorted(row, key=lambda place: -numbers[place])
        ranks |= {place: (rank, -numbers[place]) for rank, place in enumerate(best)}
    return sorted(sorted(kept, key=ranks.get)[:most])


def most_telling[T](
    things: Sequence[T], most: int, telling: Callable[[T], float] | None = None
) -> list[T]:
    """At most so many things in their order: those that tell most, or the first.

    What a number cannot be given for (NaN) tells least.
    """
    if len(things) <= most:
        return list(things)
    if telling is None:
        return list(things[:most])
    numbers = np.nan_to_num([telling(thing) for thing in things], nan=-np.inf)
    ranks = np.argsort(-numbers, kind="stable")[:most]
    return [things[k] for k in sorted(ranks)]


def aside(figure: Figure, text: str) -> None:
    """A remark above all panels about what the page has no room for."""
    lines = textwrap.wrap(text, int(18 * figure.get_figwidth()))
    figure.suptitle("\n".join(lines), x=0.99, ha="right", fontsize=6.5, color=FLAG)


def blank(width: float, text: str) -> Figure:
    """A page that says why there is nothing to draw."""
    figure = page(width, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def say(axes: Axes, text: str) -> None:
    """Words in the middle of a panel that has nothing to show."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT,
              fontsize=7)  # fmt: skip


def colour(names: Sequence[str], name: str) -> str:
    """Colour of a method."""
    return COLOURS[names.index(name) % len(COLOURS)]


def marker(names: Sequence[str], name: str) -> str:
    """Marker of a method."""
    place = names.index(name)  # with more methods than colours, the pairing changes
    return MARKERS[(place + place // len(COLOURS)) % len(MARKERS)]


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


#: Lines of a legend that a page has room for anyway, and the height of one in inches.
FEW_LINES, LINE = 5, 0.155


def legend(figure: Figure, handles: Sequence[Any], few: int = FEW_LINES) -> None:
    """One legend for the page, below all panels; the page grows with lines beyond a few."""
    if handles:
        _wrap_labels(handles, int(16.4 * figure.get_figwidth()) - 6)
        columns = _legend_columns([str(h.get_label()) for h in handles], figure.get_figwidth())
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)
        height, more = figure.get_figheight(), LINE * (-(-len(handles) // columns) - few)
        figure.set_figheight(max(height, min(height + more, TALLEST)))


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """Columns of a legend with these labels on a page of a width."""
    rows = max(1, int(np.ceil(sum(len(label) + 6 for label in labels) / (15 * width))))
    columns = int(np.ceil(len(labels) / rows))
    while columns > 1 and _widest(labels, columns) > 16.4 * width:
        columns -= 1
    return columns


def below(labels: Sequence[str], width: float) -> float:
    """Inches that a legend with these labels takes beyond the usual ones."""
    return LINE * max(0, -(-len(labels) // _legend_columns(labels, width)) - FEW_LINES)


def few_lines(names: Sequence[str]) -> int:
    """Lines of a legend of methods for which a page has room; few, with more than usual."""
    return FEW_LINES if len(names) <= len(COLOURS) else 2


def _wrap_labels(handles: Sequence[Any], letters: int) -> None:
    """Break labels that are wider than the page."""
    for handle in handles:
        if len(label := str(handle.get_label())) > letters:
            handle.set_label("\n".join(wrapped(label, letters)))


def _widest(labels: Sequence[str], columns: int) -> int:
    """Letters across a legend that is filled column by column, the first ones fuller."""
    parts = np.array_split([len(label) + 6 for label in labels], columns)
    return int(sum(part.max() for part in parts if part.size))


#: So few values are all inside the limits of an axis.
_FEW = 12


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
        # A few values do not say which of them are runaways.
        reach = factor * (high - low) if finite.size > _FEW else np.inf
        low, high = max(finite.min(), low - reach), min(finite.max(), high + reach)
        kept += [float(low), float(high)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def log_fence(values: Any, keep: Sequence[float] = (), factor: float = 3.0) -> tuple[float, float]:
    """Limits as of `fence` for a logarithmic axis; what is not positive has no place on it."""
    values = np.asarray(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = fence(np.log10(values[values > 0]), np.log10(keep), factor)
    return 10**low, 10**high


def beyond(axes: Axes, x: Any, y: Any, limits: tuple[float, float], ink: Any) -> int:
    """Mark points above or below the limits by arrow heads at the edge; return how many."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    high, low = y > limits[1], y < limits[0]
    for chosen, edge, head in ((high, 0.975, "^"), (low, 0.025, "v")):
        if chosen.any():
            axes.plot(
                x[chosen],
                np.full(chosen.sum(), edge),
                head,
                transform=axes.get_xaxis_transform(),
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
        note(axes, f"{count} of {total}{what} beyond axis")


def note(axes: Axes, text: str) -> None:
    """A remark above a panel, at its right, in several lines where the panel is narrow."""
    if 0.05 * len(text) > room(axes) - 0.5:
        text = text.replace(", ", ",\n")
    made = axes.annotate(
        text, (1, 1), (0, 2), xycoords="axes fraction", textcoords="offset points", ha="right",
        va="bottom", fontsize=6.5, color=FLAG, linespacing=1.0,
    )  # fmt: skip
    made.set_gid("note")


def title(axes: Axes, *parts: str, labelled: bool = False) -> None:
    """Panel title at the left, wrapped to the panel, above what `note` said or may say.

    Its parts are in lines of their own where the panel is narrow, and behind each other otherwise.
    It has less room where every panel has a label of its vertical axis.
    """
    tight = narrow(axes.get_figure(root=True).get_figwidth())
    lines = _title_lines(parts, room(axes), _beside_title(tight, labelled))
    axes.set_title("\n".join(lines), loc="left", pad=12.5 + 7 * _more_lines(axes), fontsize=7.5)


def _beside_title(tight: bool, labelled: bool) -> float:
    """Inches of a panel's width that a title cannot have."""
    return 0.7 if tight else 0.65 if labelled else 0.5


def _title_lines(parts: Sequence[str], inches: float, beside: float) -> list[str]:
    """Lines of a title in a panel of a width."""
    text = (",\n" if inches < 1.9 else ", ").join(parts)
    letters = int((inches - beside) / 0.057)
    return [line for each in text.split("\n") for line in wrapped(each, letters)]


def wrapped(text: str, letters: int) -> list[str]:
    """Lines of at most so many letters, broken behind a comma rather than elsewhere."""
    lines = [""]
    pieces = [piece + "," for piece in text.split(", ")]
    pieces[-1] = pieces[-1][:-1]
    for piece in pieces:
        if len(lines[-1]) + 1 + len(piece) <= letters and lines[-1]:
            lines[-1] += " " + piece
            continue
        # Names of methods may be long, and have no spaces to break them at.
        broken = textwrap.wrap(piece.replace("_", "_ "), letters)
        lines += [line.replace("_ ", "_") for line in broken]
    return lines[1:] or [""]


def _more_lines(axes: Axes) -> int:
    """Lines of the note above a panel, beyond the first."""
    return sum(text.get_text().count("\n") for text in axes.texts if text.get_gid() == "note")


def room(axes: Axes) -> float:
    """Width in inches that a panel has, its labels included."""
    grid = axes.get_gridspec()
    return axes.get_figure(root=True).get_figwidth() / (grid.ncols if grid is not None else 1)


def few_ticks(axes: Axes, x: int | None = None, y: int | None = None) -> None:
    """Limit the number of ticks; a narrow panel has room for fewer."""
    if x:
        axes.xaxis.set_major_locator(MaxNLocator(x if room(axes) > 1.9 else min(x, 3)))
    if y:
        axes.yaxis.set_major_locator(MaxNLocator(y))


def log_ticks(axis: Axis, low: float, high: float, most: int = 5) -> None:
    """Round numbers, and few of them, on a logarithmic axis over a range."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(FixedLocator([]))
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            break
    ticks = ticks[:: -(-len(ticks) // most)] if ticks else ticks
    axis.set_major_locator(FixedLocator(ticks) if len(ticks) > 1 else MaxNLocator(min(most, 3)))


def xlabel(axes: Axes, text: str, beside: float = 0.25) -> None:
    """Label below a panel, in two lines where the panel less so many inches is narrow."""
    if 0.06 * len(text) > room(axes) - beside:
        text = text.replace("; ", ";\n")
    axes.set_xlabel(text)


#: What a file says about itself: neither a date nor a version, so that the same figure gives the
#: same bytes.
_SILENT = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}


def save(figure: Figure, paths: Iterable[str | os.PathLike[str]]) -> None:
    """Write a figure, each file whole or not at all.

    Parameters
    ----------
    figure : Figure
        The page.
    paths : iterable of path
        Files ending in ``.svg`` (text as text), ``.pdf`` (TrueType) or ``.png`` (300 dpi).
    """
    with mpl.rc_context(STYLE):
        if figure.get_layout_engine() is not None:
            # Laying out takes most of the time and need not be done for each of the files.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        for path in paths:
            _write(figure, Path(path))


def _write(figure: Figure, path: Path) -> None:
    kind = path.suffix.removeprefix(".")

    def write(temporary: Path) -> None:
        """One file."""
        figure.savefig(temporary, format=kind, dpi=300, metadata=_SILENT[kind])

    tables.write_atomically(path, write)
