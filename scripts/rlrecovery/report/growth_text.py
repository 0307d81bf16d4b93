"""How replicates were added to cells, and which cells stopped early, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.score.growth import excesses
from rlrecovery.score.results import Summary

#: Largest number of cells that are named.
MOST_NAMED = 3

_MEASURES = {"bias": "bias", "rmse": "RMSE", "empirical_se": "empirical SE"}


def replicates_of(design: pd.DataFrame) -> dict[str, int]:
    """Number of replicates by cell, from the table of cells."""
    return dict(zip(design["cell"], map(int, design["replicates"]), strict=True))


def limits_text(experiment: Experiment, verb: str) -> str:
    """State the limits: ``the MCSE of the bias is at most 0.02``; empty without any."""
    if experiment.sequential is None:
        return ""
    limits = experiment.sequential.until.limits().items()
    first, *others = [f"{_measure(name, experiment)} {verb} at most {x:g}" for name, x in limits]
    return enumeration([f"the MCSE of {first}", *(f"that of {text}" for text in others)])


def growth_text(
    experiment: Experiment, summary: Summary, numbers: Mapping[str, int]
) -> Iterator[str]:
    """Yield sentences about a study whose replicates are sequential, without full stop.

    Parameters
    ----------
    experiment : Experiment
        The config.
    summary : Summary
        Its table ``recovery``.
    numbers : mapping of str to int
        Number of replicates by cell.
    """
    sequential = experiment.sequential
    if sequential is None:
        return
    yield (
        f"Each cell began with {sequential.start(experiment.batch_size):,} replicates, and more "
        f"were added, up to {sequential.at_most:,}, until {limits_text(experiment, 'was')}, for "
        "every method and parameter (estimates of participants, or of the group where a method "
        "does not estimate participants)"
    )
    yield from _missed(experiment, summary, numbers)


def _missed(experiment: Experiment, summary: Summary, numbers: Mapping[str, int]) -> Iterator[str]:
    """Yield sentences about the cells that do not meet the limits."""
    unfinished: dict[str, bool] = {}
    for each in excesses(summary, experiment, numbers):
        unfinished[each.cell] = unfinished.get(each.cell, False) or each.can_grow
    stopped = [cell for cell, can_grow in unfinished.items() if not can_grow]
    waiting = [cell for cell, can_grow in unfinished.items() if can_grow]
    if stopped:
        yield (
            f"{_cells(stopped, len(numbers))} stopped at the largest number of replicates without "
            f"meeting this: {_names(stopped)}"
        )
    if waiting:
        yield (
            f"{_cells(waiting, len(numbers))} {'does' if len(waiting) == 1 else 'do'} not meet "
            f"this yet and may have more replicates, which make run adds: {_names(waiting)}"
        )


def _measure(name: str, experiment: Experiment) -> str:
    """Name of a measure in a sentence."""
    coverage = f"the coverage of {100 * experiment.headline_level:g} % intervals"
    return coverage if name == "coverage" else f"the {_MEASURES[name]}"


def _cells(cells: list[str], total: int) -> str:
    return f"{len(cells)} of {plural(total, 'cell')}"


def _names(cells: list[str]) -> str:
    more = len(cells) - MOST_NAMED
    return ", ".join(cells[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
