"""How much of a study is finished: for a report of what is there while the rest is still at work.

Methods are compared on the same data, so a batch counts as finished where every method has fitted
it. A method without a single finished batch is left out instead: it may be one that cannot be
fitted at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.design.cells import batches, cells_of, generator_of, methods_of
from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.storage.files import BrokenFile, read_made
from rlrecovery.storage.origins import SIMULATED
from rlrecovery.storage.works import fit_work, simulate_work


def works(experiment: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Hash of the settings that files should be made for, by stage (see `origins`) and cell."""
    methods, found = methods_of(experiment), dict[str, dict[str, str]]()
    levels = experiment["interval_levels"]
    for key, cell in cells_of(experiment).items():
        generator, values = generator_of(experiment, cell), cell.values()
        found.setdefault(SIMULATED, {})[key] = simulate_work(generator, values)
        for name, method in methods.items():
            found.setdefault(name, {})[key] = fit_work(method, generator, values, levels)
    return found


def finished(
    run: str,
    methods: Sequence[str],
    cells: Sequence[str],
    known: Sequence[str],
    made_for: Mapping[str, Mapping[str, str]],
) -> tuple[list[str], dict[str, list[str]]]:
    """Methods and batches of which there are estimates, made for the present settings.

    Parameters
    ----------
    run : str
        Folder of the run.
    methods, cells, known : sequence of str
        Names of all methods, keys of all cells and of all batches.
    made_for : mapping
        `works` of the experiment.

    Returns
    -------
    methods : list of str
        Those with a finished batch.
    batches : dict
        From cell key to the batches that all of these methods have; only cells with any.
    """
    folders = {method: Path(run) / "estimates" / method for method in methods}
    there = {method: _files(folders[method], made_for[method]) for method in methods}
    kept = [method for method in methods if there[method]]
    truth = _files(Path(run) / "truth", made_for[SIMULATED])
    whole = truth.intersection(*(there[method] for method in kept))
    done = {cell: [batch for batch in known if (cell, batch) in whole] for cell in cells}
    return kept, {cell: mine for cell, mine in done.items() if mine and kept}


def _files(folder: Path, made_for: Mapping[str, str]) -> set[tuple[str, str]]:
    """Cell and batch of the tables of a stage below a folder; hidden files are not finished."""
    return {
        (path.parent.name, path.stem)
        for path in folder.glob("*/*.parquet")
        if not path.name.startswith(".") and _work(path) == made_for.get(path.parent.name)
    }


def _work(path: Path) -> str:
    """Hash of the settings that a file was made for; empty where it cannot be read."""
    try:
        return str(read_made(path).get("work", ""))
    except BrokenFile:  # being replaced, or broken: not finished
        return ""


def data_sets(experiment: Mapping[str, Any], done: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many data sets the finished batches of each cell hold."""
    ends = batches(experiment["replicates"], experiment["batch_size"])
    sizes = {name: stop - start for name, (start, stop) in ends.items()}
    return {cell: sum(sizes[name] for name in names) for cell, names in done.items()}


def lacking(
    experiment: Mapping[str, Any], design: pd.DataFrame, made_by: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """A sentence for everything of a study that a report does not rest on.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    design : DataFrame
        Columns ``cell`` and ``replicates``: what the report rests on.
    made_by : sequence of mapping
        `rlrecovery.storage.origins.origins` of its files; methods that it does not name are left out.
    """
    cells, replicates = cells_of(experiment), experiment["replicates"]
    planned, there = len(cells) * replicates, int(design["replicates"].sum())
    if there < planned:
        yield (
            f"{there} of {plural(planned, 'data set')} are finished, in {len(design)} of "
            f"{plural(len(cells), 'cell')}"
        )
        some = int((design["replicates"] < replicates).sum())
        if some:
            yield f"{some} of these cells {'is' if some == 1 else 'are'} not complete"
        empty = [cell for cell in cells if cell not in set(design["cell"])]
        if empty:
            more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
            yield f"Without any finished data set: {', '.join(empty[:3])}{more}"
    stages = {each["stage"] for each in made_by} - {SIMULATED}
    gone = [method for method in methods_of(experiment) if stages and method not in stages]
    if gone:
        yield f"No data set is finished by {enumeration(gone)}"
