"""Designs that meet requirements: a map of trials and participants for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.axes import log_ticks
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend, legend_height
from rlrecovery.figures.panels import message
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.results import Summary

#: Fill of the markers of measured designs, by what they give.
FILLS = {"met": "#000000", "unclear": "#b0b0b0", "missed": "#ffffff"}
#: Colours of the frontier, of its interval, and of the designs that meet the requirement.
LINE, BAND, MET = style.COLOURS[0], "#a9cfe4", "#e4f1e9"
#: Contours of the measure in a map.
_CONTOURS = 5


@style.styled
def draw_designs(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw a map for every requirement and method.

    Where a study has a single number of participants, or of trials, a panel shows the measure over
    the other axis instead.
    """
    advised = summary.advised
    if advised.empty:
        return style.blank(width, "The study has no requirements\nfor its designs.")
    requirements, methods = (list(advised[name].unique()) for name in ("requirement", "method"))
    pairs = advised[["requirement", "method"]].drop_duplicates().itertuples(index=False, name=None)
    existing = {(requirements.index(name), methods.index(method)) for name, method in pairs}
    entries = _entries(summary)
    labels = [str(handle.get_label()) for handle in entries]
    titles = [(name, method) for name in requirements for method in methods]
    size = PanelSize(height=2.0, titles=titles, legend_height=legend_height(labels, width))
    page = facets(width, len(requirements), len(methods), size, existing)
    for i, j in page.positions:
        parts = {
            table: _part(getattr(summary, table), requirements[i], methods[j])
            for table in ("surface", "frontier", "advised")
        }
        _panel(page[i, j], parts)
        page.title((i, j), requirements[i], methods[j])
    page.note_left_out("of the first requirements", "summary/advised.csv")
    legend(page.figure, entries)
    return page.figure


def _part(table: pd.DataFrame, requirement: str, method: str) -> pd.DataFrame:
    """Rows of one requirement and method."""
    if table.empty:
        return table
    return table[(table["requirement"] == requirement) & (table["method"] == method)]


def _panel(axes: Axes, parts: dict[str, pd.DataFrame]) -> None:
    """Draw one requirement and method."""
    surface, frontier = parts["surface"], parts["frontier"]
    if surface.empty:
        message(axes, "The designs do not determine\nhow the measure depends on them.")
        return
    single = [name for name in ("participants", "trials") if len(surface[name].unique()) == 1]
    if single:
        along = "trials" if single[0] == "participants" else "participants"
        _curve(axes, surface, frontier, parts["advised"], along)
        return
    values, possible, certain = (
        surface.pivot_table(index="participants", columns="trials", values=name, dropna=False)
        for name in ("value", "possible", "certain")
    )
    participants, trials = possible.index.to_numpy(), possible.columns.to_numpy()
    axes.set(xscale="log", yscale="log", xlabel="trials per participant", ylabel="participants")
    axes.set(xlim=(trials[0], trials[-1]), ylim=(participants[0], participants[-1]))
    for field, colour in ((possible, BAND), (certain, MET)):
        area = axes.contourf(trials, participants, field, [0, np.inf], colors=[colour])
        area.set_in_layout(False)
    if values.notna().to_numpy().all() and np.ptp(values) > 0:
        lines = axes.contour(
            trials, participants, values, _CONTOURS, colors=style.FAINT, linewidths=0.5
        )
        for label in axes.clabel(lines, fontsize=style.points(5.5), fmt="%.3g"):
            label.set_in_layout(False)
    reached = frontier[np.isfinite(frontier["trials"])]
    inside = reached["trials"] > trials[0] * (1 + 1e-9)
    axes.plot(reached["trials"][inside], reached["participants"][inside], color=LINE, lw=1.8)
    _designs(axes, parts["advised"], "participants")
    log_ticks(axes.xaxis, trials[0], trials[-1])
    log_ticks(axes.yaxis, participants[0], participants[-1])


def _curve(
    axes: Axes, surface: pd.DataFrame, frontier: pd.DataFrame, advised: pd.DataFrame, along: str
) -> None:
    """Draw the measure, or the probability for all requirements, over one axis."""
    column = "value" if surface["value"].notna().any() else "met"
    surface = surface.sort_values(along)
    sizes = surface[along].to_numpy()
    if len(frontier):
        lower, upper = (float(frontier[end].iloc[0]) for end in ("lower", "upper"))
        if np.isfinite(lower):
            axes.axvspan(lower, min(upper, sizes[-1]), color=BAND, lw=0)
        needed = float(frontier[along].iloc[0])
        if np.isfinite(needed):
            axes.axvline(needed, color=LINE, lw=1.8)
    axes.plot(sizes, surface[column], color=style.FAINT)
    names = {"trials": "trials per participant", "participants": "participants"}
    axes.set(xscale="log", xlabel=names[along], xlim=(sizes[0], sizes[-1]))
    axes.set_ylabel("measure" if column == "value" else "probability that it is met")
    if column == "value":
        axes.axhline(float(advised["limit"].iloc[0]), color=style.TRUTH, lw=0.7, ls=":")
        measured = advised[advised["kind"] == "measured"]
        bars = half_width(measured["mcse"])
        axes.errorbar(measured[along], measured["value"], yerr=bars, fmt="none", ecolor="black")
        _designs(axes, advised[advised["kind"] == "measured"], "value", along)
    else:
        axes.set_ylim(-0.02, 1.02)
    log_ticks(axes.xaxis, sizes[0], sizes[-1])


def _designs(axes: Axes, advised: pd.DataFrame, vertical: str, along: str = "trials") -> None:
    """Mark the measured designs and the cheapest one."""
    marks: dict[str, Any] = {
        "marker": "o",
        "ls": "",
        "color": "black",
        "ms": 4.5,
        "clip_on": False,
        "zorder": 4,
    }
    for verdict, fill in FILLS.items():
        rows = advised[(advised["kind"] == "measured") & (advised["verdict"] == verdict)]
        if len(rows):  # the layout of the page fails with a line without points
            axes.plot(rows[along], rows[vertical], mfc=fill, gid=verdict, **marks)
    cheapest = advised[advised["kind"] == "cheapest"]
    star = marks | {"marker": "*", "ms": 10, "color": style.FLAG, "zorder": 5}
    if len(cheapest):
        axes.plot(cheapest[along], cheapest[vertical], gid="cheapest", mec="white", mew=0.5, **star)


def _entries(summary: Summary) -> Sequence[Artist]:
    """Legend entries of what the page has."""
    texts = {"met": "met", "unclear": "unclear (Monte Carlo error)", "missed": "not met"}
    entries: list[Artist] = [
        entry("frontier", color=LINE, lw=1.8),
        Patch(color=BAND, label="its 90 % interval"),
        *(
            entry(f"measured design: {text}", marker="o", ls="", color="black", mfc=FILLS[verdict])
            for verdict, text in texts.items()
            if (summary.advised["verdict"] == verdict).any()
        ),
    ]
    if (summary.advised["kind"] == "cheapest").any():
        entries.append(
            entry(
                "cheapest design", marker="*", ls="", ms=9, color=style.FLAG, mec="white", mew=0.5
            )
        )
    if not summary.surface.empty and len(summary.surface["participants"].unique()) > 1:
        entries.insert(2, Patch(color=MET, label="requirement is met"))
    return entries
