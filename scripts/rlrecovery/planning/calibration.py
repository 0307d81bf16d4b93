"""A short calibration: what jobs of a study's own methods cost here, by running a few.

Each kind of method fits a few data sets of the study's own cells, in processes of their own as jobs
are: one that only warms the compile cache, one that is as small as can be, and one that fits more.
What was seen lies in ``results/<run>/calibration.json`` and is used again; no job reads it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlrecovery.design.cells import Cell, cells_of, generator_of, methods_of
from rlrecovery.planning.costs import Cost, Seen, expected_of, fitted, kind_of, of_kind
from rlrecovery.planning.resources import Load, relative_work
from rlrecovery.storage.files import write_json

#: Seconds for the larger one of the jobs of each kind, and after which any of them is ended.
SECONDS, MOST_SECONDS = 6.0, 60.0

#: What a job's process imports and does, as its door does.
SIMULATE = "from rlrecovery.simulate.batch import simulate_batch as work\n"
FIT = "from rlrecovery.fit.batch import fit_batch as work\n"
CALL = "import json, sys\nwith open(sys.argv[1]) as file:\n    work(**json.load(file))\n"


def calibrated(
    experiment: Mapping[str, Any],
    kinds: Sequence[str],
    say: Callable[[str], None],
    seconds: float = SECONDS,
) -> list[Seen]:
    """Run a few jobs of some kinds of methods.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    kinds : sequence of str
        From `costs.kind_of`; what simulating takes is seen on the way.
    say : callable
        Told about progress, a line at a time.
    seconds : float
        For the larger job of each kind, about.

    Returns
    -------
    list of Seen
        Nothing of a kind whose jobs took too long.
    """
    by_size = sorted(
        cells_of(experiment).values(), key=lambda cell: cell.participants * cell.trials
    )
    found: list[Seen] = []
    for name, method in methods_of(experiment).items():
        kind = kind_of(method)
        if kind in kinds and not any(job.kind == kind for job in found):
            found += _of_method(experiment, name, method, by_size, seconds, say)
    return found


def _of_method(
    experiment: Mapping[str, Any],
    name: str,
    method: Mapping[str, Any],
    by_size: Sequence[Cell],
    seconds: float,
    say: Callable[[str], None],
) -> list[Seen]:
    kind, work = kind_of(method), relative_work(method)
    say(f"Calibrating {name}: a few data sets of this study, half a minute at most")
    smallest = by_size[0]
    if _tried(experiment, method, smallest, 1) is None:  # this one may compile
        say(f"  {name}: a data set of {smallest.size_key} failed or took {MOST_SECONDS:.0f} s")
        return []
    found: list[Seen] = []
    for larger in (False, True):
        cell, replicates = smallest, 1
        if larger:
            known, _ = fitted(expected_of(kind), of_kind(found, kind))
            cell, replicates = _worth(known, work, by_size, seconds, experiment["replicates"])
        jobs = _tried(experiment, method, cell, replicates)
        if jobs is not None:
            found += jobs
            say(f"  {name}: {replicates} of {cell.size_key} in {jobs[-1].seconds:.1f} s")
    return found


def _worth(
    cost: Cost, work: float, by_size: Sequence[Cell], seconds: float, most: int
) -> tuple[Cell, int]:
    """The largest cell of which two data sets take about that long, and how many of it do."""
    each = {c: cost.per_replicate(work, Load(c.participants, c.trials, 1)) for c in by_size}
    cell = [c for c in by_size if 2 * each[c] <= seconds or c is by_size[0]][-1]
    return cell, max(1, min(most, int(seconds / each[cell])))


def _tried(
    experiment: Mapping[str, Any], method: Mapping[str, Any], cell: Cell, replicates: int
) -> list[Seen] | None:
    """A job that simulates and a job that fits; None where one takes too long or fails."""
    with tempfile.TemporaryDirectory() as folder:
        shared = {
            "cell": cell.values(),
            "generator": generator_of(experiment, cell),
            "trials": f"{folder}/trials.parquet",
        }
        simulate = {"replicates": [0, replicates], "truth": f"{folder}/truth.parquet"}
        fit = {
            "method": method,
            "levels": experiment["interval_levels"],
            "estimates": f"{folder}/estimates.parquet",
        }
        load, found = Load(cell.participants, cell.trials, replicates), []
        kinds = (("simulate", 1.0, simulate), (kind_of(method), relative_work(method), fit))
        for kind, work, own in kinds:
            seconds = _seconds_of_job(Path(folder), shared | own)
            if seconds is None:
                return None
            found.append(Seen(kind, work, load, seconds))
    return found


def _seconds_of_job(folder: Path, work: Mapping[str, Any]) -> float | None:
    """Seconds of a processor that a job takes in a process of its own."""
    (folder / "work.json").write_text(json.dumps(work), encoding="utf-8")
    door = FIT if "method" in work else SIMULATE
    command = [sys.executable, "-c", door + CALL, str(folder / "work.json")]
    package = str(Path(__file__).parents[1])
    before = _used()
    try:
        done = subprocess.run(
            command, timeout=MOST_SECONDS, capture_output=True, check=False,
            env=os.environ | {"PYTHONPATH": package},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return _used() - before if done.returncode == 0 else None


def _used() -> float:
    """Processor seconds of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def remember(path: Path, seen: Sequence[Seen]) -> None:
    """Keep what a calibration saw."""
    write_json([asdict(job) for job in seen], path)


def remembered(path: Path) -> list[Seen]:
    """What an earlier calibration saw; nothing where there was none, or of another version."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Seen(**{**row, "load": Load(**row["load"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []
