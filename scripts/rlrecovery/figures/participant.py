"""One simulated participant, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, symbol

#: Trials that a page has room for, by whether it is narrow.
FIRST = {False: 200, True: 80}
#: Sequences of rewards change in more than such a share of the trials.
OFTEN = 0.1
HEADS = ("o", "s", "^", "D", "v", "P")


@style.styled
def draw_participant(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Choices and rewards, hidden values, and choice probabilities over trials.

    A long session has room for its first trials only.
    """
    every, arms = summary.participant, _arms(summary.participant)
    trials = every.head(FIRST[style.narrow(width)])
    figure = style.page(width, 4.3)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[0.8, 1, 1])
    _choices(top, trials, arms, _threshold(every))
    _lines(middle, bottom, trials, arms, _changing(every, arms))
    middle.set_ylabel("hidden value\nbefore the trial")
    if not middle.lines:
        style.say(middle, "this model has no hidden state")
    shown = len(trials)
    words = "trial" if shown == len(every) else f"trial (the first {shown} of {len(every)})"
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


def _binary(trials: pd.DataFrame) -> bool:
    """Whether a reward is paid or not."""
    return bool(trials["reward"].dropna().isin([0, 1]).all())


def _threshold(trials: pd.DataFrame) -> float:
    """Rewards above this are drawn full: those that were paid, or the larger half."""
    return 0.0 if _binary(trials) else float(trials["reward"].median())


def _changing(trials: pd.DataFrame, arms: Sequence[int]) -> bool:
    """Whether what an arm is worth changes; archived summaries do not say it.

    In a sequence of rewards that was given arm by arm and trial by trial, an arm is worth what it
    pays: that jumps up and down, and is no line.
    """
    names = [f"mean_{k}" for k in arms]
    if not trials.columns.isin(names).any():
        return False
    jumps = trials[names].diff().iloc[1:].fillna(0).ne(0).any(axis=1)
    paid = trials[names].isin([0, 1]).all(axis=None)
    return bool(jumps.any()) and not (paid and jumps.mean() > OFTEN)


def _lines(
    middle: Axes, bottom: Axes, trials: pd.DataFrame, arms: Sequence[int], changing: bool
) -> None:
    """Hidden values, on what the arms are worth if that changes, and choice probabilities."""
    x = trials["trial"] + 1
    for k in arms:
        ink = style.ARMS[k % len(style.ARMS)]
        line = ("-", (0, (4, 1.5)), (0, (1, 1)))[k % 3]
        if f"value_{k}" in trials:
            middle.plot(x, trials[f"value_{k}"], ls=line, color=ink, lw=1.1)
            if changing:
                worth, pale = trials[f"mean_{k}"], style.shade(ink, 0, 2)
                drifts = (worth.diff() != 0).mean() > OFTEN
                middle.plot(x, worth, ls=line, color=pale, lw=2.2, zorder=0,
                            drawstyle="default" if drifts else "steps-mid")  # fmt: skip
        bottom.plot(x, trials[f"probability_{k}"], ls=line, color=ink, lw=1.1)


def _arms(trials: pd.DataFrame) -> list[int]:
    return sorted(int(c.split("_")[1]) for c in trials.columns if c.startswith("probability_"))


def _choices(axes: Axes, trials: pd.DataFrame, arms: list[int], threshold: float) -> None:
    """Chosen arm per trial; full where a reward was paid, or one above the median."""
    paid = trials["reward"] > threshold
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
    trials, sd = summary.participant, summary.example.get("sd")
    how = "pays {:g} on average" if sd else "pays with p = {:g}"
    handles = [
        Line2D(
            [], [], color=style.ARMS[k % len(style.ARMS)], marker=HEADS[k % len(HEADS)], ms=3,
            ls=("-", (0, (4, 1.5)), (0, (1, 1)))[k % 3],
            label=f"arm {k + 1}" + (f" ({how.format(pays[k])})" if k in pays else ""),
        )
        for k in arms
    ]  # fmt: skip
    grey = style.FAINT
    words = ("rewarded", "not rewarded")
    words = words if _binary(trials) else ("reward above the median", "reward not above it")
    handles += [
        Line2D([], [], ls="", marker="o", ms=3, color=grey, label=words[0]),
        Line2D([], [], ls="", marker="o", ms=3, mfc="white", color=grey, label=words[1]),
    ]
    if _changing(trials, arms) and any(f"value_{k}" in trials for k in arms):
        pale = style.shade(grey, 0, 2)
        handles.append(Line2D([], [], color=pale, lw=2.2, label="what the arm is worth"))
    if missing:
        handles.append(
            Line2D([], [], ls="", marker="x", ms=3, color=style.FLAG, label="no response")
        )
    return handles
