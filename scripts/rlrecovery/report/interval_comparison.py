"""Intervals compared between methods that differ in nothing else, such as Wald and profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of
from rlrecovery.figures.labels import describe
from rlrecovery.report.lines import select
from rlrecovery.report.numbers import row_text
from rlrecovery.score.results import Summary

#: Keys of a method that do not affect its estimates, apart from their intervals.
INTERVAL_KEYS = frozenset({"interval", "bootstrap", "contest"})


class Line(NamedTuple):
    """Intervals of one parameter of participants by one method, over all true values.

    Attributes
    ----------
    parameter, design, method, kind : str
        Parameter, numbers of participants and trials, method, and the kind of its intervals.
    coverage, width : str
        In per cent and on the natural scale, each with its MCSE.
    missing : str
        Share of the rows without an interval, in per cent.
    rows : int
        Number of all rows, with and without an interval.
    """

    parameter: str
    design: str
    method: str
    kind: str
    coverage: str
    width: str
    missing: str
    rows: int


def interval_comparison(summary: Summary, experiment: Experiment) -> list[Line]:
    """Return the lines of all methods that have a counterpart with another kind of intervals."""
    kinds = comparable(experiment)
    table = select(summary.recovery, scope="grid", level="participant", rows="all")
    table = table[[summary.method_of.get(name, name) in kinds for name in table["method"]]]
    order = ["parameter", "participants", "trials", "method"]
    lines = []
    ascending = table.sort_values(["participants", "trials"], kind="stable")
    for key, rows in ascending.groupby(order, sort=False, observed=True):
        line = _line(rows, summary.headline_interval, key, kinds, summary.method_of)
        lines += [line] if line else []
    return sorted(lines, key=lambda line: summary.parameters.index(line.parameter))


def comparable(experiment: Experiment) -> dict[str, str]:
    """Methods that differ from another one only in the kind of their intervals, with that kind."""
    alike: dict[str, dict[str, str]] = {}
    for name, method in methods_of(experiment).items():
        if kind := method.settings.interval_kind():
            same = {k: v for k, v in method.plain().items() if k not in INTERVAL_KEYS}
            alike.setdefault(repr(sorted(same.items())), {})[name] = kind
    groups = [group for group in alike.values() if len(set(group.values())) > 1]
    return {name: kind for group in groups for name, kind in group.items()}


def _line(
    rows: pd.DataFrame,
    level: float | None,
    key: tuple[Any, ...],
    kinds: Mapping[str, str],
    method_of: Mapping[str, str],
) -> Line | None:
    """The line of one parameter, design and method; None without intervals."""
    of_level = rows[rows["interval"] == level].set_index("measure")
    flags = rows[rows["measure"] == "share_failed"]
    if not {"coverage", "width"} <= set(of_level.index) or flags.empty:
        return None
    parameter, participants, trials, method = key
    coverage, width = (
        {"measure": measure, **of_level.loc[measure].to_dict()} for measure in ("coverage", "width")
    )
    total = int(flags["n_rows"].iloc[0])
    missing = 1 - coverage["n_rows"] / total
    return Line(
        parameter=str(parameter),
        design=describe(int(participants), int(trials)),
        method=str(method),
        kind=kinds[method_of.get(method, method)],
        coverage=row_text(coverage, 100),
        width=row_text(width),
        missing=f"{100 * missing:.3g}",
        rows=total,
    )
