"""Posterior contraction against posterior z-score: what the data add to the prior."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, few_ticks, quantile_fence
from rlrecovery.figures.labels import counted, symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import bar_entry, entry, legend, trial_entries
from rlrecovery.figures.panels import mark_beyond, message, method_label, note
from rlrecovery.figures.subsets import parameter_panels, thinned
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.pooling import mean_over_data_sets
from rlrecovery.score.results import Summary

#: Posteriors drawn per panel and number of trials; means use every one.
MAX_POINTS = 150
#: Columns on the axes.
AXES = ["contraction", "z"]
#: What the axes include in any case.
KEEP = ((0, 1), (-3, 3))


@style.styled
def draw_contraction(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw z-score over contraction, per parameter and Bayesian method."""
    fits = contractions(summary)
    levels = summary.priors.groupby("method")["level"].first() if len(summary.priors) else {}
    methods = [method for method in summary.methods if method in levels]
    parameters = [p for p in summary.parameters if p in set(summary.priors.get("parameter", ()))]
    panels = parameter_panels(summary, parameters, methods)
    if not panels:
        return style.blank(width, "No method has a prior of its own.")
    groups = dict(list(fits.groupby(["parameter", "method"])))
    posteriors = {position: groups.get(panel, fits.iloc[:0]) for position, panel in panels.items()}
    page = facets(
        width,
        len(parameters),
        len(methods),
        PanelSize(1.75, titles=[(method,) for method in methods]),
        existing=panels,
        priority=lambda position: -posteriors[position]["contraction"].mean(),
        share_rows=True,
    )
    for position in page.positions:
        axes, (parameter, method) = page[position], panels[position]
        limits = _limits(fits[fits["parameter"] == parameter])
        _panel(axes, posteriors[position], limits, summary, method)
        page.title(position, method_label(method, levels[method]))
        axes.set_xlabel(f"contraction of {symbol(parameter)}")
        page.row_label(position, f"z-score of {symbol(parameter)}")
    page.note_left_out("with the smallest contraction", "summary/points.csv")
    legend(page.figure, _entries(summary))
    return page.figure


def contractions(summary: Summary) -> pd.DataFrame:
    """Contraction and z-score of every posterior whose parameter has a prior.

    Contraction is 1 - posterior variance / prior variance; the z-score is (estimate - truth) /
    posterior SD (Schad, Betancourt & Vasishth 2021, Psychological Methods 26:103). Both are NaN
    without an SE, and contraction also without a finite prior SD.
    """
    keys = ["method", "level", "parameter"]
    names = dict.fromkeys(keys, "object")
    priors = pd.DataFrame(summary.priors, columns=[*keys, "sd"]).astype(names | {"sd": float})
    fits = summary.points.astype(names).merge(priors, on=keys)
    se = fits["se"].where(fits["se"] > 0)
    sd = fits["sd"].where(np.isfinite(fits["sd"]) & (fits["sd"] > 0))
    z = (fits["estimate"] - fits["truth"]) / se
    return fits.assign(z=z, contraction=1 - (se / sd) ** 2)


def _limits(fits: pd.DataFrame) -> list[Limits]:
    """Limits of contraction and z-score that cut off outliers only."""
    return [quantile_fence(fits[column], ends) for column, ends in zip(AXES, KEEP, strict=True)]


def _panel(
    axes: Axes, posteriors: pd.DataFrame, limits: list[Limits], summary: Summary, method: str
) -> None:
    """Draw the posteriors of a method and note how many are not inside the panel."""
    axes.set(xlim=limits[0], ylim=limits[1])
    for height, line in ((0, "-"), (-2, ":"), (2, ":")):
        axes.axhline(height, color=style.FAINT, lw=0.6, ls=line, zorder=1)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=1)
    few_ticks(axes, x=5, y=5)
    defined = posteriors.dropna(subset=AXES)
    if defined.empty:
        message(axes, "no posterior with an SD\nto compare with the prior's")
        return
    outside, means = _dots(axes, defined, limits, summary, method)
    left_out, total = len(posteriors) - len(defined), f" of {len(posteriors)}"
    note(
        axes,
        f"{outside}{total} beyond axis" if outside else "",
        f"{counted(means, 'means')} too" if means else "",
        f"{left_out}{'' if outside else total} left out" if left_out else "",
    )


def _dots(
    axes: Axes, fits: pd.DataFrame, limits: list[Limits], summary: Summary, method: str
) -> tuple[int, int]:
    """Draw posteriors and means; mark those beyond the axes and return their numbers."""
    means_outside = 0
    ink, mark = style.colour(summary.methods, method), style.marker(summary.methods, method)
    for rank, count in enumerate(summary.trials):
        tone = style.shade(ink, rank, len(summary.trials))
        part = fits[fits["trials"] == count]
        x, y = (thinned(part, MAX_POINTS)[column] for column in AXES)
        axes.plot(x, y, "o", color=tone, ms=2, mew=0, alpha=0.5, zorder=2)
        x_mean, y_mean = (mean_over_data_sets(part[column], part) for column in AXES)
        axes.errorbar(
            x_mean.value, y_mean.value, xerr=half_width(x_mean.mcse),
            yerr=half_width(y_mean.mcse), marker=mark, ms=4.5, mfc=tone, mec=style.TRUTH,
            mew=0.7, ecolor=style.TRUTH, elinewidth=0.8, zorder=4,
        )  # fmt: skip
        means_outside += mark_beyond(axes, [x_mean.value], [y_mean.value], style.TRUTH, *limits)
    return mark_beyond(axes, fits["contraction"], fits["z"], style.FLAG, *limits), means_outside


def _entries(summary: Summary) -> list[Line2D]:
    """Legend entries of the marks."""
    truth = style.TRUTH
    return [
        *trial_entries(summary.trials, "{} trials"),
        entry("one posterior", marker="o", ls="", ms=2, color=style.FAINT),
        entry("beyond axis", marker=">", ls="", ms=3, mfc="none", mew=0.7, color=style.FLAG),
        entry("mean", marker="o", ls="", ms=4.5, mfc="#bbbbbb", color=truth),
        bar_entry(),
        entry("z = ±2", color=style.FAINT, lw=0.6, ls=":"),
    ]
