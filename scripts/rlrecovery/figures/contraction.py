"""What the data added to the prior, and whether it went the right way."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, mean_of_rows, symbol

#: Fits drawn per panel; means use every one.
MOST_POINTS = 300


@style.styled
def draw_contraction(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Posterior z-score against posterior contraction, per parameter and Bayesian method."""
    fits = contractions(summary)
    levels = summary.priors.groupby("method")["level"].first() if len(summary.priors) else {}
    columns = [method for method in summary.methods if method in levels]
    rows = [p for p in summary.parameters if p in set(summary.priors.get("parameter", ()))]
    pairs = {(m, p) for m, p in summary.estimates if m in columns and p in rows}
    if not pairs:
        return style.blank(width, "No method has a prior of its own.")
    groups = dict(list(fits.groupby(["parameter", "method"])))

    def of(i: int, j: int) -> pd.DataFrame:
        """Fits of a panel."""
        return groups.get((rows[i], columns[j]), fits.iloc[:0])

    places = itertools.product(range(len(rows)), range(len(columns)))
    grid = style.facets(
        width, len(rows), len(columns), height=1.75, share_rows=True,
        there=[(i, j) for i, j in places if (columns[j], rows[i]) in pairs],
        telling=lambda place: -of(*place)["contraction"].mean(),
        titles=[(method,) for method in columns],
    )  # fmt: skip
    for i, j in grid.places:
        parameter, method = rows[i], columns[j]
        every = fits[fits["parameter"] == parameter]
        _panel(grid[i, j], of(i, j), _limits(every), summary, method)
        of_group = "" if levels[method] == "participant" else " (group)"
        style.title(grid[i, j], f"{method}{of_group}", labelled=grid.flowing)
        grid[i, j].set_xlabel(f"contraction of {symbol(parameter)}")
        if grid.begins(i, j):
            grid[i, j].set_ylabel(f"z-score of {symbol(parameter)}")
    grid.say_left_out("where the data add least", "summary/points.csv")
    style.legend(grid.figure, _handles(summary))
    return grid.figure


def contractions(summary: Summary) -> pd.DataFrame:
    """Contraction and z-score of every posterior that has a prior of its own.

    Contraction is 1 - posterior variance / prior variance and the z-score (estimate - truth) /
    posterior SD (Schad, Betancourt & Vasishth 2021, Psychological Methods 26:103). Both are NaN
    without an SE, and contraction without a finite prior SD.

    Returns
    -------
    DataFrame
        The points of these methods and levels with ``contraction`` and ``z``.
    """
    keys = ["method", "level", "parameter"]
    names = dict.fromkeys(keys, "object")
    priors = pd.DataFrame(summary.priors, columns=[*keys, "sd"]).astype(names | {"sd": float})
    fits = summary.points.astype(names).merge(priors, on=keys)
    se = fits["se"].where(fits["se"] > 0)
    sd = fits["sd"].where(np.isfinite(fits["sd"]) & (fits["sd"] > 0))
    z = (fits["estimate"] - fits["truth"]) / se
    return fits.assign(z=z, contraction=1 - (se / sd) ** 2)


def _limits(fits: pd.DataFrame) -> list[tuple[float, float]]:
    """Ranges of contraction and z-score; generous, and with every mean inside."""
    means = fits.groupby(["method", "trials"])[["contraction", "z"]].mean()
    keep = {"contraction": [0, 1], "z": [-3, 3]}
    return [style.fence(fits[c], [*ends, *means[c]], factor=8) for c, ends in keep.items()]


def _panel(axes: Axes, every: pd.DataFrame, limits: list, summary: Summary, method: str) -> None:
    """One dot per fit, and the mean of every number of trials."""
    axes.set(xlim=limits[0], ylim=limits[1])
    for height, line in ((0, "-"), (-2, ":"), (2, ":")):
        axes.axhline(height, color=style.FAINT, lw=0.6, ls=line, zorder=1)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=1)
    style.few_ticks(axes, x=5, y=5)
    fits = every.dropna(subset=["contraction", "z"])
    if fits.empty:
        style.say(axes, "no posterior with an SD\nto compare with the prior's")
        return
    outside = _dots(axes, fits, limits, summary, method)
    lost = len(every) - len(fits)
    of = f" of {len(every)}"
    remarks = [f"{outside}{of} beyond axis"] if outside else []
    remarks += [f"{lost}{'' if outside else of} left out"] if lost else []
    if remarks:
        style.note(axes, ", ".join(remarks))


def _dots(axes: Axes, fits: pd.DataFrame, limits: list, summary: Summary, method: str) -> int:
    """Fits and means; those beyond the axes are open marks at the edge, and are counted."""
    ink, mark = style.colour(summary.methods, method), style.marker(summary.methods, method)
    shown = [np.clip(fits[c], *ends) for c, ends in zip(("contraction", "z"), limits, strict=True)]
    inside = (shown[0] == fits["contraction"]) & (shown[1] == fits["z"])
    thin = np.arange(len(fits)) % max(1, -(-len(fits) // MOST_POINTS)) == 0
    for rank, count in enumerate(summary.trials):
        tone, mine = style.shade(ink, rank, len(summary.trials)), fits["trials"] == count
        x, y = (part[mine & inside & thin] for part in shown)
        axes.plot(x, y, "o", color=tone, ms=2, mew=0, alpha=0.5, zorder=2)
        x, y = (part[mine & ~inside & thin] for part in shown)
        axes.plot(x, y, "o", mfc="none", mec=style.FLAG, ms=2.5, mew=0.6, zorder=3)
        part = fits[mine]
        (a, da), (b, db) = (mean_of_rows(part[c], part) for c in ("contraction", "z"))
        axes.errorbar(
            a, b, xerr=np.nan_to_num(da), yerr=np.nan_to_num(db), marker=mark, ms=4.5, mfc=tone,
            mec=style.TRUTH, mew=0.7, ecolor=style.TRUTH, elinewidth=0.8, zorder=4,
        )  # fmt: skip
    return int((~inside).sum())


def _handles(summary: Summary) -> list[Line2D]:
    trials, grey = summary.trials, "#333333"
    return [
        *(
            Line2D([], [], marker="o", ls="", ms=3, color=style.shade(grey, k, len(trials)),
                   label=f"{count} trials")
            for k, count in enumerate(trials)
        ),
        Line2D([], [], marker="o", ls="", ms=2, color=style.FAINT, label="one posterior"),
        Line2D([], [], marker="o", ls="", ms=2.5, mfc="none", mew=0.6, color=style.FLAG,
               label="beyond axis"),
        Line2D([], [], marker="o", ls="-", lw=0.8, ms=4.5, mfc="#bbbbbb", color=style.TRUTH,
               label="mean ± MCSE"),
        Line2D([], [], color=style.FAINT, lw=0.6, ls=":", label="z = ±2"),
    ]  # fmt: skip
