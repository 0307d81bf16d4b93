"""Missing or mismatched inputs of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.storage.fingerprint import is_current
from rlrecovery.storage.provenance import SIMULATED, Origin


def unfinished(
    experiment: Experiment, design: pd.DataFrame, made_by: Sequence[Origin]
) -> Iterator[str]:
    """Yield sentences about missing data sets, cells and methods.

    The columns ``cell`` and ``replicates`` of `design` count the finished data sets; `made_by`
    lists the origins of their files and has no entry for a method without finished data sets.
    """
    cells, replicates, first = cells_of(experiment), experiment.most_replicates, ""
    if experiment.sequential is not None:  # more are added only where they are needed
        replicates, first = experiment.sequential.start(experiment.batch_size), "the first "
    planned = len(cells) * replicates
    finished = int(design["replicates"].clip(upper=replicates).sum())
    if finished < planned:
        yield (
            f"{finished} of {first}{plural(planned, 'data set')} are finished, in {len(design)} of "
            f"{plural(len(cells), 'cell')}"
        )
        incomplete = int((design["replicates"] < replicates).sum())
        if incomplete:
            yield f"{incomplete} of these cells {'is' if incomplete == 1 else 'are'} incomplete"
        empty = [cell for cell in cells if cell not in set(design["cell"])]
        if empty:
            more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
            yield f"Cells without a finished data set: {', '.join(empty[:3])}{more}"
    stages = {entry["stage"] for entry in made_by} - {SIMULATED}
    missing = [method for method in methods_of(experiment) if stages and method not in stages]
    if missing:
        yield f"No data set has been fitted by {enumeration(missing)}"


def mixtures(made_by: Sequence[Origin]) -> Iterator[str]:
    """Yield sentences about stages with files from other code, versions or configs."""
    for stage in dict.fromkeys(entry["stage"] for entry in made_by):
        entries = [entry for entry in made_by if entry["stage"] == stage]
        files = "Data sets" if stage == SIMULATED else f"Estimates of {stage}"
        n_files = sum(entry["files"] for entry in entries)
        n_wrong = sum(entry["files"] for entry in entries if not entry["settings_match"])
        if n_wrong:
            yield f"{files}: {n_wrong} of {plural(n_files, 'file')} are from another config"
        counts = Counter[tuple[str, str]]()
        for entry in entries:
            versions = ", ".join(f"{name} {number}" for name, number in entry["versions"].items())
            counts[entry["source"] or "", versions or "unknown versions"] += entry["files"]
        (code, _), *others = counts
        if others:
            yield f"{files}: {enumeration(_counts(counts))}"
        elif code and not is_current(code):
            yield f"{files}: produced by {code}, which is not the code that wrote this report"


def _counts(counts: Mapping[tuple[str, str], int]) -> list[str]:
    """Format file counts by code, with versions if these differ for the same code."""
    codes = {code for code, _ in counts}
    return [
        f"{files} by {code or 'unknown code'}"
        + (f" with {versions}" if len(codes) < len(counts) else "")
        for (code, versions), files in counts.items()
    ]
