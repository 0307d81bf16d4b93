"""Estimates of the participants of pilot data, alone and as members of a population."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.legends import entry
from rlrecovery.pilot.fit import PilotFit

#: Colours of estimates without and with the other participants.
ALONE, TOGETHER = style.FAINT, style.COLOURS[0]
#: More participants than this have no names on the axis.
MOST_NAMES = 40
#: Ends of intervals beyond this multiple of the largest estimate are cut off.
BEYOND = 1.6


@style.styled
def draw_shrinkage(fit: PilotFit, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the estimates and 95 % intervals of all participants, one panel per parameter.

    Participants are in the order of their hierarchical estimates. The line and the band are the
    location of the population and its interval.
    """
    names = fit.model.names
    figure = style.page(width, 0.5 + 1.9 * len(names))
    panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    group = fit.population[fit.population["level"] == "group"].set_index("parameter")
    for axes, name in zip(panels, names, strict=True):
        own = fit.participants[fit.participants["parameter"] == name]
        _panel(axes, own.sort_values("estimate"), group.loc[name])
        axes.set_ylabel(symbol(name))
    panels[-1].set_xlabel("participant, in the order of the hierarchical estimates")
    figure.legend(
        handles=[
            entry("alone, 95 % interval", color=ALONE, marker="o", mfc="white", ms=3, lw=0.8),
            entry("with all others (hierarchical)", color=TOGETHER, marker="o", ms=3, lw=1.0),
            entry("location of the population", color=TOGETHER, ls=(0, (4, 1.5)), lw=0.8),
        ],
        loc="outside lower center",
        ncols=1 if style.narrow(width) else 3,
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, group: pd.Series) -> None:
    x = np.arange(len(rows), dtype=float)
    axes.axhspan(group["lower_95"], group["upper_95"], color=TOGETHER, alpha=0.12, lw=0)
    axes.axhline(group["estimate"], color=TOGETHER, ls=(0, (4, 1.5)), lw=0.8)
    for prefix, shift, colour, face in (
        ("unpooled_", -0.17, ALONE, "white"),
        ("", 0.17, TOGETHER, TOGETHER),
    ):
        values, lower, upper = (
            rows[f"{prefix}{end}"].to_numpy(float) for end in ("estimate", "lower_95", "upper_95")
        )
        axes.vlines(x + shift, lower, upper, color=colour, lw=0.8)
        axes.plot(x + shift, values, "o", mfc=face, mec=colour, ms=3, mew=0.8)
    estimates = rows[["estimate", "unpooled_estimate"]].to_numpy(float)
    top = min(axes.get_ylim()[1], BEYOND * np.nanmax(estimates))
    axes.set_ylim(min(0.0, np.nanmin(estimates)), top)
    axes.set_xlim(-0.7, len(rows) - 0.3)
    if len(rows) <= MOST_NAMES:
        axes.set_xticks(x, rows["participant"], rotation=90)
    else:
        axes.set_xticks([])
