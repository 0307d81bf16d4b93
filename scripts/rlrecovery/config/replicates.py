"""The present number of replicates of each cell, which a file of the run holds if it may grow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of
from rlrecovery.design.cells import batches
from rlrecovery.storage.files import BrokenFile, read_json, write_json

#: File of the numbers of replicates by cell, in the folder of a run.
STATE = "replicates.json"


def replicates_by_cell(experiment: Experiment, run: Path) -> dict[str, int]:
    """Number of replicates of every cell.

    Parameters
    ----------
    experiment : Experiment
        The config.
    run : Path
        Folder of the run. Its file is read only if the config does not give the number.

    Returns
    -------
    dict of str to int
        Numbers by cell, in the order of the cells. A cell that the file does not have starts; the
        numbers of the others are rounded up to whole batches, within the present limits.

    Raises
    ------
    BrokenFile
        If the file is damaged; the message names it.
    """
    cells, sequential = cells_of(experiment), experiment.sequential
    if sequential is None:
        return dict.fromkeys(cells, experiment.most_replicates)
    recorded, start = _recorded(run / STATE), sequential.start(experiment.batch_size)
    return {
        key: max(start, sequential.whole_batches(recorded.get(key, 0), experiment.batch_size))
        for key in cells
    }


def record_replicates(numbers: Mapping[str, int], run: Path) -> None:
    """Write the numbers of replicates of some cells; those of all others are kept."""
    path = run / STATE
    former = _recorded(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(former | {key: max(n, former.get(key, 0)) for key, n in numbers.items()}, path)


def batches_by_cell(experiment: Experiment, numbers: Mapping[str, int]) -> dict[str, list[str]]:
    """Names of the batches of each cell with these numbers of replicates."""
    ranges = batches(experiment.most_replicates, experiment.batch_size)
    return {
        key: [name for name, (start, _) in ranges.items() if start < number]
        for key, number in numbers.items()
    }


def _recorded(path: Path) -> dict[str, int]:
    """Contents of the file; empty if there is none."""
    if not path.exists():
        return {}
    numbers = read_json(path)
    if not isinstance(numbers, dict) or not all(type(n) is int for n in numbers.values()):
        raise BrokenFile.of(path, "it does not have a number of replicates for each cell")
    return numbers
