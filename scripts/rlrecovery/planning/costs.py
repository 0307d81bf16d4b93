"""What jobs cost: a small model of the seconds of a processor, fitted to jobs that were run.

A job of ``R`` data sets of ``P`` participants with ``T`` trials takes

    start + work x R x P x (each + trial x T)

seconds, where ``work`` is what a method's settings make of it (`resources.relative_work`). The
three coefficients of each kind of job are known roughly in advance (`EXPECTED`) and better after
some jobs were run: they are fitted to their logarithms, so that a job of seconds and one of hours
count alike, with a loss that a few strange jobs (a swapping computer, a resumed batch) do not move.
What the sizes that were run cannot tell apart stays near what is known in advance.

No number of a study depends on any of this.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares

from rlrecovery.design.cells import batches, cells_of, methods_of
from rlrecovery.planning.resources import Load, relative_work

#: Standard deviation of a job's cost around the model, and of coefficients around what is expected
#: of them before any job was seen, on the log scale.
NOISE, PRIOR = 0.2, 1.5

#: Settings that multiply the work of a method (`relative_work`), or do not bear on it.
NOT_KIND = {
    "chains", "tune", "draws", "bounds", "priors", "point", "convergence", "group_scale", "contest",
    "fitted",
}  # fmt: skip

#: The most jobs of a kind that are looked at.
MOST_SEEN = 200

#: Seconds that the last look at a job's processor time lies before its end, on average.
UNSEEN = 0.25


@dataclass(frozen=True)
class Cost:
    """Coefficients of the cost of a kind of job.

    Attributes
    ----------
    start : float
        Seconds before the first data set.
    each : float
        Seconds per participant of a data set and unit of work.
    trial : float
        Seconds per trial and unit of work.
    """

    start: float
    each: float
    trial: float

    def seconds(self, work: float, load: Load) -> float:
        """Seconds of a job."""
        return self.start + load.replicates * self.per_replicate(work, load)

    def per_replicate(self, work: float, load: Load) -> float:
        """Seconds per data set, when the job has started."""
        return work * load.participants * (self.each + self.trial * load.trials)


@dataclass(frozen=True)
class Seen:
    """A job that was run.

    Attributes
    ----------
    kind : str
        From `kind_of`.
    work : float
        From `resources.relative_work`.
    load : Load
        Participants, trials and replicates.
    seconds : float
        Of a processor.
    """

    kind: str
    work: float
    load: Load
    seconds: float


#: Before anything was measured: seconds on a virtual x86 machine of 2026, by estimator and pooling.
EXPECTED = {
    "simulate": Cost(0.8, 1e-4, 1e-6),
    "score": Cost(1.0, 1e-4, 1e-9),
    "mock": Cost(1.4, 1e-3, 3e-6),
    "mle": Cost(1.7, 1e-3, 2.5e-6),
    "quadrature": Cost(1.7, 1e-3, 4e-5),
    "bayes-none": Cost(4.0, 5e-6, 1.5e-7),
    "bayes-partial": Cost(4.5, 5e-6, 5e-7),
    "bayes-complete": Cost(4.0, 5e-6, 3e-7),
}


def kind_of(method: Mapping[str, Any]) -> str:
    """What methods of equal cost per unit of work have in common, as one text."""
    kept = {key: value for key, value in method.items() if key not in NOT_KIND}
    return json.dumps(kept, sort_keys=True)


def expected_of(kind: str) -> Cost:
    """Cost of a kind before anything was measured."""
    if kind in EXPECTED:
        return EXPECTED[kind]
    method = json.loads(kind)
    pooling = f"-{method['pooling']}" if "pooling" in method else ""
    return EXPECTED[method["estimator"] + pooling]


def fitted(expected: Cost, seen: Sequence[Seen]) -> tuple[Cost, float]:
    """Cost of a kind from jobs that were run, and by what factor these scatter around it.

    Parameters
    ----------
    expected : Cost
        What is known in advance.
    seen : sequence of Seen
        Jobs of the kind; without any, what is expected comes back.

    Returns
    -------
    Cost, float
        The factor is the median of the ratios of seen to fitted, each the larger way round.
    """
    if not seen:
        return expected, math.nan
    people = np.array([job.work * job.load.participants * job.load.replicates for job in seen])
    terms = np.stack(
        [np.ones(len(seen)), people, people * np.array([job.load.trials for job in seen])], axis=1
    )
    logs = np.log([max(job.seconds, 1e-3) for job in seen])
    centre = np.log(astuple(expected))

    def residuals(coefficients: Any) -> Any:
        """Of the jobs, and of the coefficients from what is expected of them."""
        jobs = (np.log(terms @ np.exp(coefficients)) - logs) / NOISE
        return np.concatenate([jobs, (coefficients - centre) / PRIOR])

    found = least_squares(residuals, centre, loss="soft_l1").x
    away = np.abs(np.log(terms @ np.exp(found)) - logs)
    start, each, trial = np.exp(found).tolist()
    return Cost(start, each, trial), float(np.exp(np.median(away)))


def benchmarks(results: Path, run: str, experiment: Mapping[str, Any]) -> list[Seen]:
    """Jobs of all studies below a folder that were run to their end; of many, some by chance.

    Parameters
    ----------
    results : Path
        The folder of all runs.
    run : str
        Name of the study that is planned.
    experiment : mapping
        Its resolved config, for jobs that ended before it was written down.
    """
    others = sorted({path.parent.name for path in results.glob("*/config.yaml")} - {run})
    found = []
    for name in (run, *others):
        folder = results / name
        if not (folder / "benchmarks").is_dir():
            continue
        known = _record(folder / "config.yaml") or (experiment if name == run else None)
        if known is not None:
            found += _of_study(folder / "benchmarks", known)
    return found


def _record(path: Path) -> dict[str, Any] | None:
    """The resolved config of a run; None where it is not there or of another version."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        cells_of(found), methods_of(found), batches(found["replicates"], found["batch_size"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return None
    return found


def _of_study(folder: Path, experiment: Mapping[str, Any]) -> list[Seen]:
    cells, methods = cells_of(experiment), methods_of(experiment)
    ranges = batches(experiment["replicates"], experiment["batch_size"])
    kinds = [("simulate", 1.0, folder / "simulate")]
    kinds += [(kind_of(m), relative_work(m), folder / "fit" / name) for name, m in methods.items()]
    jobs = [(key, batch) for key in cells for batch in ranges]
    found = []
    for kind, work, place in kinds:
        there = [job for job in jobs if (place / job[0] / f"{job[1]}.tsv").is_file()]
        for key, batch in random.Random(0).sample(there, min(MOST_SEEN, len(there))):
            seconds = seconds_of(place / key / f"{batch}.tsv")
            start, stop = ranges[batch]
            load = Load(cells[key].participants, cells[key].trials, stop - start)
            found += [Seen(kind, work, load, seconds)] if seconds else []
    return [*found, *_scored(folder / "score", experiment)]


def _scored(folder: Path, experiment: Mapping[str, Any]) -> Iterator[Seen]:
    work = float(len(methods_of(experiment)))
    for key, cell in cells_of(experiment).items():
        if seconds := seconds_of(folder / f"{key}.tsv"):
            load = Load(cell.participants, cell.trials, experiment["replicates"])
            yield Seen("score", work, load, seconds)


def seconds_of(path: Path) -> float | None:
    """Seconds of a processor that a job took, from its benchmark; None where that tells nothing.

    The processor's time is looked at now and then, for the last time shortly before a job's end:
    of a long job, the share of time that it was busy tells more.
    """
    try:
        names, values = (line.split("\t") for line in path.read_text().splitlines()[:2])
        row = dict(zip(names, values, strict=True))
        wall = float(row["s"])
        busy = [float(row["cpu_time"]) + UNSEEN, float(row["mean_load"]) / 100 * wall]
    except (OSError, ValueError, KeyError):
        return None
    return min(wall, max(busy)) if wall > 0 and math.isfinite(max(busy)) else None


def of_kind(seen: Iterable[Seen], kind: str) -> list[Seen]:
    """Those of a kind."""
    return [job for job in seen if job.kind == kind]
