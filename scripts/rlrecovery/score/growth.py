"""How many replicates cells need until the MCSEs of their measures are small enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of
from rlrecovery.score.measures import binomial_se
from rlrecovery.score.results import Summary, finest_level

#: Largest factor by which the replicates of a cell grow at once: the MCSE of few replicates is
#: itself uncertain, and what is added cannot be taken back.
LARGEST_FACTOR = 2.0


@dataclass(frozen=True)
class Excess:
    """An MCSE that is larger than its limit.

    Attributes
    ----------
    cell, method, parameter, measure : str
        What the MCSE is of; method and parameter as the summary names them.
    mcse, limit : float
        The MCSE, as it counts, and its limit.
    replicates : int
        Data sets that the measure is from.
    can_grow : bool
        Whether more replicates are allowed: the method may fit only the first ones.
    """

    cell: str
    method: str
    parameter: str
    measure: str
    mcse: float
    limit: float
    replicates: int
    can_grow: bool


def excesses(
    summary: Summary, experiment: Experiment, numbers: Mapping[str, int]
) -> Iterator[Excess]:
    """Yield the MCSEs that are larger than the limits of the config.

    Parameters
    ----------
    summary : Summary
        Its table ``recovery``.
    experiment : Experiment
        Config; it has limits if its replicates are sequential.
    numbers : mapping of str to int
        Number of replicates of each cell.

    Notes
    -----
    A measure that a cell does not have, such as the coverage of a method without intervals, has no
    limit to meet.
    """
    if experiment.sequential is None:
        return
    methods, most = methods_of(experiment), experiment.most_replicates
    for measure, limit in experiment.sequential.until.limits().items():
        for name in summary.methods:
            rows = _rows(summary, experiment, measure, name)
            allowed = methods[summary.method_of.get(name, name)].replicates_of(most)
            for row in rows.to_dict("records"):
                mcse, number = counted_mcse(row), numbers[row["cell"]]
                if not mcse <= limit:
                    what = row["cell"], name, row["parameter"], measure
                    yield Excess(*what, mcse, limit, int(row["n"]), number < allowed)


def _rows(summary: Summary, experiment: Experiment, measure: str, method: str) -> pd.DataFrame:
    """Rows of a measure of a method that have a value, for estimates of its finest level."""
    where: dict[str, Any] = {"method": method, "level": finest_level(summary, method)}
    if measure == "coverage":
        where["interval"] = experiment.headline_level
    rows = summary.measure(measure, **where)
    return rows[np.isfinite(rows["value"])]


def counted_mcse(row: Mapping[Any, Any]) -> float:
    """MCSE of a row of the table of measures; infinite if it cannot be estimated.

    A coverage of 0 or 1 has an estimated MCSE of 0, however few its data sets are. It then counts
    as if four data sets more had been simulated and two of them covered.
    """
    mcse = float(row["mcse"])
    if row["measure"] == "coverage" and row["value"] in (0.0, 1.0):
        n = row["n"] + 4
        return float(binomial_se((row["value"] * row["n"] + 2) / n, n))
    return math.inf if math.isnan(mcse) else mcse


def grown(
    found: Iterable[Excess], experiment: Experiment, numbers: Mapping[str, int]
) -> dict[str, int]:
    """New numbers of replicates of the cells that need more.

    An MCSE falls with the square root of the number of replicates, so that n of them with an MCSE m
    above its limit become n (m / limit)^2; by a factor of `LARGEST_FACTOR` at most, rounded up to
    whole batches, and one batch at least.
    """
    sequential = experiment.sequential
    assert sequential is not None
    new: dict[str, int] = {}
    for each in found:
        if each.can_grow:
            number = numbers[each.cell]
            factor = min(LARGEST_FACTOR, (each.mcse / each.limit) ** 2)
            needed = max(number + 1, math.ceil(number * factor))
            whole = sequential.whole_batches(needed, experiment.batch_size)
            new[each.cell] = max(whole, new.get(each.cell, 0))
    return new
