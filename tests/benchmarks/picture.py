"""The picture of the measurements."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style

OURS, THEIRS = "#0072B2", "#999999"
GROUPS = (
    "gradient", "growth of the gradient", "maximum likelihood", "one posterior", "hierarchical",
    "fixed cost of a job",
)  # fmt: skip


@style.styled
def picture(table: pd.DataFrame) -> Figure:
    """Bars of CPU time per case on a logarithmic axis; ours in blue."""
    groups = [table[table["what"] == group] for group in GROUPS]
    groups = [rows for rows in groups if len(rows)]
    heights = [len(rows) + 1.5 for rows in groups]
    figure = style.page(style.TWO_COLUMNS, 0.19 * sum(heights) + 0.4)
    all_axes = figure.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, rows in zip(all_axes, groups, strict=True):
        _bars(axes, rows)
        axes.set_title(rows["what"].iloc[0], loc="left", fontweight="bold")
    all_axes[-1].set_xlabel("CPU time of a call, a fit or a job (s, logarithmic)")
    return figure


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    names = [f"{row.form}, {row.size}" for row in rows.itertuples()]
    jobs = rows["what"].iloc[0] == "fixed cost of a job"
    ours = [jobs or row.form.startswith(("rlrecovery", "compiled")) for row in rows.itertuples()]
    places = range(len(rows))[::-1]
    seconds = rows["cpu_seconds"].to_numpy()
    axes.barh(places, seconds, color=[OURS if mine else THEIRS for mine in ours], height=0.7)
    for place, value in zip(places, seconds, strict=True):
        axes.annotate(
            _text(value), (value, place), xytext=(3, 0), textcoords="offset points", va="center"
        )
    axes.set_xscale("log")
    axes.set_xlim(seconds.min() / 3, seconds.max() * 4)
    axes.set_yticks(list(places), names)
    axes.set_ylim(-0.6, len(rows) - 0.4)


def _text(value: float) -> str:
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.2g} µs"
