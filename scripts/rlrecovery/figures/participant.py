"""One simulated participant, trial by trial."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, symbol

#: Trials that one column of a journal has room for.
FIRST = 80
HEADS = ("o", "s", "^", "D", "v", "P")


@style.styled
def draw_participant(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Choices and rewards, hidden values, and choice probabilities over trials.

    One column has room for the first trials only.
    """
    trials, arms = summary.participant, _arms(summary.participant)
    every = len(trials)
    trials = trials.head(FIRST) if style.narrow(width) else trials
    figure = style.page(width, 4.3)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[0.8, 1, 1])
    _choices(top, trials, arms)
    x = trials["trial"] + 1
    for k in arms:
        ink = style.ARMS[k % len(style.ARMS)]
        line = ("-", (0, (4, 1.5)), (0, (1, 1)))[k % 3]
        if f"value_{k}" in trials:
            middle.plot(x, trials[f"value_{k}"], ls=line, color=ink, lw=1.1)
        bottom.plot(x, trials[f"probability_{k}"], ls=line, color=ink, lw=1.1)
    middle.set_ylabel("hidden value\nbefore the trial")
    if not middle.lines:
        style.say(middle, "this model has no hidden state")
    words = "trial" if len(trials) == every else f"trial (the first {len(trials)} of {every})"
    bottom.set(ylabel="probability\nof choice", xlabel=words, ylim=(-0.04, 1.04))
    for axes in (top, middle, bottom):
        for trial in trials.loc[trials["block"].diff() > 0, "trial"]:
            axes.axvline(trial + 0.5, color=style.FAINT, lw=0.6, ls=":")
        axes.set_xlim(0, len(trials) + 1)
    figure.align_ylabels()
    truth = ", ".join(f"{symbol(k)} = {v:.3g}" for k, v in summary.example["truth"].items())
    style.title(top, f"simulated with {truth}" if truth else "simulated")
    style.legend(figure, _handles(summary, arms, bool((trials["choice"] < 0).any())))
    return figure


def _arms(trials: pd.DataFrame) -> list[int]:
    return sorted(int(c.split("_")[1]) for c in trials.columns if c.startswith("probability_"))


def _choices(axes: Axes, trials: pd.DataFrame, arms: list[int]) -> None:
    """Chosen arm per trial; full where a reward was paid."""
    paid = trials["reward"].fillna(0) > 0
    for k in arms:
        ink, mine = style.ARMS[k % len(style.ARMS)], trials["choice"] == k
        x, head = trials["trial"] + 1, HEADS[k % len(HEADS)]
        for chosen, fill in ((mine & paid, ink), (mine & ~paid, "white")):
            axes.plot(x[chosen], np.full(chosen.sum(), k + 1), head, ms=2.6, mfc=fill, mec=ink,
                      mew=0.6)  # fmt: skip
    none = trials["choice"] < 0
    axes.plot(trials.loc[none, "trial"] + 1, np.full(none.sum(), 0.4), "x", ms=3, mec=style.FLAG)
    axes.set(yticks=[k + 1 for k in arms], ylim=(0.1 if none.any() else 0.5, len(arms) + 0.5))
    axes.set_ylabel("chosen arm")


def _handles(summary: Summary, arms: list[int], missing: bool) -> list[Line2D]:
    pays = dict(enumerate(summary.example.get("arms") or []))
    handles = [
        Line2D(
            [], [], color=style.ARMS[k % len(style.ARMS)], marker=HEADS[k % len(HEADS)], ms=3,
            ls=("-", (0, (4, 1.5)), (0, (1, 1)))[k % 3],
            label=f"arm {k + 1}" + (f" (pays with p = {pays[k]:g})" if k in pays else ""),
        )
        for k in arms
    ]  # fmt: skip
    grey = style.FAINT
    handles += [
        Line2D([], [], ls="", marker="o", ms=3, color=grey, label="rewarded"),
        Line2D([], [], ls="", marker="o", ms=3, mfc="white", color=grey, label="not rewarded"),
    ]
    if missing:
        handles.append(
            Line2D([], [], ls="", marker="x", ms=3, color=style.FLAG, label="no response")
        )
    return handles
