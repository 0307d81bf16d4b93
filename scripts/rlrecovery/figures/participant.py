"""One simulated participant, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import title
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import message
from rlrecovery.score.results import Summary

#: Trials that a page has room for, on two columns and on one column.
MAX_TRIALS = (200, 80)
#: Mean rewards that change in more than this share of the trials change often.
OFTEN = 0.1
#: Colours, markers and line styles of arms.
COLOURS = (*style.COLOURS[:5], style.FLAG)
MARKERS = style.MARKERS
LINES = ("-", (0, (4, 1.5)), (0, (1, 1)))


@style.styled
def draw_participant(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw choices and rewards, hidden values, and choice probabilities over trials.

    Of a long session only the first trials are shown.
    """
    session, arms = summary.participant, _arms(summary.participant)
    trials = session.head(MAX_TRIALS[style.narrow(width)])
    figure = style.page(width, 4.3)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[0.8, 1, 1])
    _choices(top, trials, arms, _threshold(session))
    _lines(middle, bottom, trials, arms, _rewards_change(session, arms))
    middle.set_ylabel("hidden value\nbefore the trial")
    if not middle.lines:
        message(middle, "this model has no hidden state")
    xlabel = "trial"
    if len(trials) < len(session):
        xlabel = f"trial (the first {len(trials)} of {len(session)})"
    bottom.set(ylabel="probability\nof choice", xlabel=xlabel, ylim=(-0.04, 1.04))
    for axes in (top, middle, bottom):
        for trial in trials.loc[trials["block"].diff() > 0, "trial"]:
            axes.axvline(trial + 0.5, color=style.FAINT, lw=0.6, ls=":")
        axes.set_xlim(0, len(trials) + 1)
    figure.align_ylabels()
    truth = ", ".join(f"{symbol(k)} = {v:.3g}" for k, v in summary.example["truth"].items())
    title(top, f"simulated with {truth}" if truth else "simulated")
    legend(figure, _entries(summary, arms, bool((trials["choice"] < 0).any())))
    return figure


def _arms(trials: pd.DataFrame) -> list[int]:
    """Numbers of the arms, from 0."""
    return sorted(int(c.split("_")[1]) for c in trials.columns if c.startswith("probability_"))


def _look(arm: int) -> tuple[str, str, object]:
    """Colour, marker and line style of an arm."""
    return COLOURS[arm % len(COLOURS)], MARKERS[arm % len(MARKERS)], LINES[arm % len(LINES)]


def _is_binary(trials: pd.DataFrame) -> bool:
    """Whether all rewards are 0 or 1."""
    return bool(trials["reward"].dropna().isin([0, 1]).all())


def _threshold(trials: pd.DataFrame) -> float:
    """Reward above which marks are filled: 0 for binary rewards, otherwise the median."""
    return 0.0 if _is_binary(trials) else float(trials["reward"].median())


def _rewards_change(trials: pd.DataFrame, arms: Sequence[int]) -> bool:
    """Whether the mean rewards of the arms change over trials in a way that a line can show.

    Old summaries lack the mean rewards. Where the task gives the reward of every arm and trial,
    the mean is the reward itself, which jumps between 0 and 1 and is not drawn.
    """
    names = [f"mean_{arm}" for arm in arms]
    if not trials.columns.isin(names).any():
        return False
    changes = trials[names].diff().iloc[1:].fillna(0).ne(0).any(axis=1)
    is_reward = trials[names].isin([0, 1]).all(axis=None)
    return bool(changes.any()) and not (is_reward and changes.mean() > OFTEN)


def _choices(axes: Axes, trials: pd.DataFrame, arms: Sequence[int], threshold: float) -> None:
    """Draw the chosen arm per trial, filled where the reward is above the threshold."""
    rewarded = trials["reward"] > threshold
    for arm in arms:
        (ink, mark, _), chosen = _look(arm), trials["choice"] == arm
        for rows, fill in ((chosen & rewarded, ink), (chosen & ~rewarded, "white")):
            x, y = trials.loc[rows, "trial"] + 1, np.full(rows.sum(), arm + 1)
            axes.plot(x, y, mark, ms=2.6, mfc=fill, mec=ink, mew=0.6)
    missing = trials["choice"] < 0
    x, y = trials.loc[missing, "trial"] + 1, np.full(missing.sum(), 0.4)
    axes.plot(x, y, "x", ms=3, mec=style.FLAG)
    bottom = 0.1 if missing.any() else 0.5
    axes.set(yticks=[arm + 1 for arm in arms], ylim=(bottom, len(arms) + 0.5))
    axes.set_ylabel("chosen arm")


def _lines(
    middle: Axes, bottom: Axes, trials: pd.DataFrame, arms: Sequence[int], rewards_change: bool
) -> None:
    """Draw hidden values, mean rewards if they change, and choice probabilities."""
    x = trials["trial"] + 1
    for arm in arms:
        ink, _, line = _look(arm)
        if f"value_{arm}" in trials:
            middle.plot(x, trials[f"value_{arm}"], ls=line, color=ink, lw=1.1)
            if rewards_change:
                mean, pale = trials[f"mean_{arm}"], style.shade(ink, 0, 2)
                drifts = (mean.diff() != 0).mean() > OFTEN
                drawstyle = "default" if drifts else "steps-mid"
                middle.plot(x, mean, ls=line, color=pale, lw=2.2, zorder=0, drawstyle=drawstyle)
        bottom.plot(x, trials[f"probability_{arm}"], ls=line, color=ink, lw=1.1)


def _entries(summary: Summary, arms: Sequence[int], missing: bool) -> list[Line2D]:
    """Legend entries of the arms and marks."""
    rewards = dict(enumerate(summary.example.get("arms") or []))
    trials, grey = summary.participant, style.FAINT
    text = "mean reward {:g}" if summary.example.get("sd") else "p(reward) = {:g}"
    entries = []
    for arm in arms:
        ink, mark, line = _look(arm)
        label = f"arm {arm + 1}" + (f", {text.format(rewards[arm])}" if arm in rewards else "")
        entries.append(entry(label, color=ink, marker=mark, ms=3, ls=line))
    words = ("rewarded", "not rewarded")
    words = words if _is_binary(trials) else ("reward above the median", "reward not above it")
    entries.append(entry(words[0], ls="", marker="o", ms=3, color=grey))
    entries.append(entry(words[1], ls="", marker="o", ms=3, mfc="white", color=grey))
    if _rewards_change(trials, arms) and any(f"value_{arm}" in trials for arm in arms):
        pale = style.shade(grey, 0, 2)
        entries.append(entry("mean reward of the arm", color=pale, lw=2.2))
    if missing:
        entries.append(entry("no response", ls="", marker="x", ms=3, color=style.FLAG))
    return entries
