"""Which levels, numbers of trials, designs and points of a summary a figure shows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from rlrecovery.figures.layout import Position
from rlrecovery.figures.style import narrow
from rlrecovery.score.results import Summary

#: Methods times numbers of trials that still fit side by side.
MAX_SIDE_BY_SIDE = 4


def spaced(values: Sequence[int], most: int) -> tuple[int, ...]:
    """At most ``most`` values, evenly spaced by rank, including the first and the last."""
    if len(values) <= most:
        return tuple(values)
    ranks = np.linspace(0, len(values) - 1, most).round().astype(int)
    return tuple(values[rank] for rank in ranks)


def combinations(summary: Summary, most: int) -> list[tuple[int, int]]:
    """At most ``most`` pairs (participants, trials) that span the design.

    If only one of the two varies, its values are evenly spaced; otherwise the pairs are the corners
    of the design, or its smallest and its largest combination.
    """
    participants, trials = summary.participants, summary.trials
    if len(participants) == 1 or len(trials) == 1:
        pairs = list(itertools.product(participants, trials))
        return [pairs[k] for k in spaced(range(len(pairs)), most)]
    corners = [(n, t) for n in (participants[0], participants[-1]) for t in (trials[0], trials[-1])]
    return corners if most >= len(corners) else [corners[0], corners[-1]]


def levels_for(summary: Summary, width: float) -> tuple[str, ...]:
    """Levels that a figure of a width shows: on one journal column only the finest."""
    return summary.levels[:1] if narrow(width) else summary.levels


def shown_methods(summary: Summary, cells: pd.DataFrame) -> Sequence[str]:
    """Methods with room in a panel: in a study of several models, only those in its cells."""
    present = set(cells["method"])
    return [m for m in summary.methods if m in present] if summary.mixed else summary.methods


def shown_trials(summary: Summary, width: float) -> tuple[int, ...]:
    """Smallest and largest number of trials; on one journal column only the largest."""
    return summary.trials[-1:] if narrow(width) else spaced(summary.trials, 2)


def estimated_pairs(summary: Summary, table: pd.DataFrame, width: float) -> list[tuple[str, str]]:
    """Pairs (parameter, level) of a table that a figure of a width shows, in order."""
    pairs = set(zip(table["parameter"], table["level"], strict=True))
    candidates = itertools.product(summary.parameters, levels_for(summary, width))
    return [pair for pair in candidates if pair in pairs]


def method_panels[T](
    items: Sequence[T], methods: Sequence[str], trials: Sequence[int]
) -> dict[Position, tuple[T, str, int]]:
    """Panels for every item, method and number of trials, by row and column.

    A row is an item, with methods and trials side by side; or, where these are more than
    `MAX_SIDE_BY_SIDE`, an item and a number of trials, with the methods side by side.
    """
    if len(methods) * len(trials) <= MAX_SIDE_BY_SIDE:
        columns = list(itertools.product(methods, trials))
        return {
            (i, j): (item, *column)
            for i, item in enumerate(items)
            for j, column in enumerate(columns)
        }
    return {
        (i, j): (item, method, count)
        for i, (item, count) in enumerate(itertools.product(items, trials))
        for j, method in enumerate(methods)
    }


def parameter_panels(
    summary: Summary, parameters: Sequence[str], methods: Sequence[str]
) -> dict[Position, tuple[str, str]]:
    """Panels for every parameter (row) and method (column) that estimates it."""
    return {
        (i, j): (parameter, method)
        for i, parameter in enumerate(parameters)
        for j, method in enumerate(methods)
        if (method, parameter) in summary.method_parameters
    }


def highest[T](things: Sequence[T], most: int, priority: Callable[[T], float]) -> list[T]:
    """At most ``most`` things with the highest priority, in their order; NaN is lowest."""
    if len(things) <= most:
        return list(things)
    numbers = np.nan_to_num([priority(thing) for thing in things], nan=-np.inf)
    ranks = np.argsort(-numbers, kind="stable")[:most]
    return [things[k] for k in sorted(ranks)]


def thinned(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` rows of a table, evenly spaced."""
    return table.iloc[:: max(1, -(-len(table) // most))]
