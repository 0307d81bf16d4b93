"""``make plan``: what a study will take, before anything is submitted.

Jobs are counted from the design, without asking the workflow engine; what they cost is known from
finished jobs, from a short calibration on this machine, or roughly (`rlrecovery.planning.costs`).

The batch size that goes with a target time per job is suggested and not set: the files of a batch
are named by its replicates, so that another batch size is other files and all is computed again. A
size that followed from measured speeds would change between two starts of the same study, or when
it moves to another computer. A number in the config stays what it is.
"""

from __future__ import annotations

import argparse
import heapq
import math
import os
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rlrecovery.config.mistakes import Mistake, wrong
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.design.cells import Cell, batches, cells_of, methods_of
from rlrecovery.figures.catalogue import available_figures
from rlrecovery.planning.calibration import calibrated, remember, remembered
from rlrecovery.planning.costs import Cost, Seen, benchmarks, expected_of, fitted, kind_of, of_kind
from rlrecovery.planning.disk import (
    FIXED_FILES,
    estimates_bytes,
    fixed_bytes,
    per_cell,
    trials_bytes,
)
from rlrecovery.planning.resources import (
    Load,
    grown,
    memory_to_fit,
    memory_to_score,
    memory_to_simulate,
    memory_to_summarise,
    minutes_to_fit,
    relative_work,
)

#: Jobs that there are once (figures: once each): seconds, and MiB that they ask for (summarise: by
#: the study's size).
REST = {
    "design": (1, 1000),
    "summarise": (3, 0),
    "example": (10, 2000),
    "predict": (15, 4000),
    "figure": (5, 2000),
    "typeset": (3, 2000),
    "report": (7, 2000),
}
#: By what factor times may be off: from finished jobs, from a calibration, as expected beforehand;
#: and how many times the most work seen makes a job less certain, and by what factor more.
CLOSE, FAR, ROUGH = 1.3, 2.0, 4.0
MUCH, FURTHER = 5.0, 1.5

#: Seconds that a job on a cluster takes longer: two starts of the workflow engine, and the time
#: until its end is noticed. Seconds and MiB of planning: at the least, and per job.
SUBMITTED = 40.0
PLANNING = (4.0, 0.002, 265.0, 0.02)

#: A batch size is good enough if jobs last this much longer or shorter than wanted.
NEAR = 2.0


@dataclass(frozen=True)
class Kind:
    """The jobs of one kind.

    Attributes
    ----------
    name : str
        Rule, and method if there is one.
    seconds : list of float
        Of a processor, of every job.
    left : list of float
        The same of those whose files are not there yet.
    memory : int
        MiB that the largest one asks for.
    disk : int
        Bytes of what they write.
    source : str
        Where the seconds are from.
    factor : float
        By which they may be off.
    """

    name: str
    seconds: list[float]
    left: list[float]
    memory: int
    disk: int
    source: str = "the usual"
    factor: float = FAR


@dataclass(frozen=True)
class Machine:
    """What jobs run on.

    Attributes
    ----------
    at_a_time : int
        Jobs at a time.
    overhead : float
        Seconds that each takes longer than its work.
    handed_out : float
        Seconds from one job that is handed out to the next, at the least.
    """

    at_a_time: int
    overhead: float = 0.0
    handed_out: float = 0.015


@dataclass(frozen=True)
class Knowledge:
    """What is known of costs.

    Attributes
    ----------
    finished, tried : sequence of Seen
        Jobs of studies that were run, and of a calibration.
    """

    finished: Sequence[Seen] = ()
    tried: Sequence[Seen] = ()
    _costs: dict[str, tuple[Cost, str, float, float]] = field(default_factory=dict)

    def cost(self, kind: str) -> tuple[Cost, str, float, float]:
        """Cost of a kind, where it is from, by what it may be off, and the most work seen."""
        if kind not in self._costs:
            self._costs[kind] = self._fitted(kind)
        return self._costs[kind]

    def _fitted(self, kind: str) -> tuple[Cost, str, float, float]:
        for jobs, words, least in (
            (of_kind(self.finished, kind), "finished job", CLOSE),
            (of_kind(self.tried, kind), "calibration job", FAR),
        ):
            if jobs:
                found, scatter = fitted(expected_of(kind), jobs)
                most = max(job.work * job.load.all_trials for job in jobs)
                return (
                    found,
                    f"{len(jobs)} {words}{'s' * (len(jobs) > 1)}",
                    max(least, scatter),
                    most,
                )
        return expected_of(kind), "expectation", ROUGH, math.inf


def counts(experiment: Mapping[str, Any]) -> dict[str, int]:
    """Jobs of each rule of a whole study."""
    cells = len(cells_of(experiment))
    parts = cells * math.ceil(experiment["replicates"] / experiment["batch_size"])
    once = dict.fromkeys(REST, 1) | {"figure": len(available_figures(experiment))}
    fits = parts * len(methods_of(experiment))
    return {"simulate": parts, "fit": fits, "score": cells} | once


def kinds_of(experiment: Mapping[str, Any], known: Knowledge, folder: Path) -> list[Kind]:
    """The jobs of a study, kind by kind.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    known : Knowledge
        Of costs.
    folder : Path
        ``results/<run>``: files that are there need not be made.
    """
    cells = cells_of(experiment)
    found = [_simulate(experiment, cells, known, folder)]
    for name, method in methods_of(experiment).items():
        found.append(_fit(experiment, cells, name, method, known, folder))
    found.append(_score(experiment, cells, known, folder))
    return [*found, _rest(experiment, found, folder)]


def _loads(experiment: Mapping[str, Any], cells: Mapping[str, Cell]) -> Iterator[Any]:
    """Cell, batch and load of every job of a kind."""
    ranges = batches(experiment["replicates"], experiment["batch_size"])
    for key, cell in cells.items():
        for batch, (start, stop) in ranges.items():
            yield key, batch, Load(cell.participants, cell.trials, stop - start)


def _there(folder: Path, cells: Mapping[str, Cell]) -> set[tuple[str, str]]:
    """Cells and batches of which a folder has the files."""
    found = set()
    for key in cells:
        if (folder / key).is_dir():
            found |= {(key, name.removesuffix(".parquet")) for name in os.listdir(folder / key)}
    return found


def _timed(cost: tuple[Cost, str, float, float], work: float, jobs: Any, there: set[Any]) -> Any:
    """Seconds of all jobs and of those that are left, the source and the factor."""
    model, source, factor, most = cost
    seconds = {(key, batch): model.seconds(work, load) for key, batch, load in jobs}
    left = [value for place, value in seconds.items() if place not in there]
    if max(work * load.all_trials for *_, load in jobs) > MUCH * most:
        factor = max(FAR, FURTHER * factor)
    return list(seconds.values()), left, source, factor


def _simulate(
    experiment: Mapping[str, Any], cells: Mapping[str, Cell], known: Knowledge, folder: Path
) -> Kind:
    jobs = list(_loads(experiment, cells))
    there = _there(folder / "trials", cells)
    seconds, left, *words = _timed(known.cost("simulate"), 1.0, jobs, there)
    memory = max(memory_to_simulate(load) for *_, load in jobs)
    disk = sum(trials_bytes(experiment, cells[key], load) for key, _, load in jobs)
    return Kind("simulate", seconds, left, memory, disk, *words)


def _fit(
    experiment: Mapping[str, Any],
    cells: Mapping[str, Cell],
    name: str,
    method: Mapping[str, Any],
    known: Knowledge,
    folder: Path,
) -> Kind:
    jobs, work = list(_loads(experiment, cells)), relative_work(method)
    there = _there(folder / "estimates" / name, cells)
    seconds, left, *words = _timed(known.cost(kind_of(method)), work, jobs, there)
    memory = max(memory_to_fit(method, load) for load in {load for *_, load in jobs})
    levels = len(experiment["interval_levels"])
    disk = sum(estimates_bytes(method, levels, load) for *_, load in jobs)
    return Kind(f"fit {name}", seconds, left, memory, disk, *words)


def _score(
    experiment: Mapping[str, Any], cells: Mapping[str, Cell], known: Knowledge, folder: Path
) -> Kind:
    methods, replicates = len(methods_of(experiment)), experiment["replicates"]
    jobs = [(k, "", Load(c.participants, c.trials, replicates)) for k, c in cells.items()]
    there = {(k, "") for k in _complete(experiment, cells, folder)}
    seconds, left, *words = _timed(known.cost("score"), float(methods), jobs, there)
    memory = max(memory_to_score(methods_of(experiment).values(), load) for *_, load in jobs)
    return Kind("score", seconds, left, memory, len(cells) * per_cell(methods), *words)


def _complete(
    experiment: Mapping[str, Any], cells: Mapping[str, Cell], folder: Path
) -> Iterator[str]:
    """Cells that have been scored and of which no batch is missing: scores need all of them."""
    parts = [_there(folder / "estimates" / name, cells) for name in methods_of(experiment)]
    ranges = batches(experiment["replicates"], experiment["batch_size"])
    for key in cells:
        fitted_all = all((key, batch) in part for part in parts for batch in ranges)
        if fitted_all and (folder / f"paired/{key}.parquet").is_file():
            yield key


def _rest(experiment: Mapping[str, Any], before: Sequence[Kind], folder: Path) -> Kind:
    """What there is once: from the design to the report."""
    number = counts(experiment)
    seconds = [float(each) for name, (each, _) in REST.items() for _ in range(number[name])]
    seconds[1] += sum(before[-1].seconds) / 2  # reads all estimates once more, and computes less
    waiting = any(kind.left for kind in before)
    left = seconds if waiting or not (folder / "report.html").is_file() else []
    cells, replicates = cells_of(experiment).values(), experiment["replicates"]
    loads = [(c.size_key, Load(c.participants, c.trials, replicates)) for c in cells]
    gathering = memory_to_summarise(methods_of(experiment).values(), loads)
    memory = max(gathering, *(memory for _, memory in REST.values()))
    return Kind("all others", seconds, left, memory, fixed_bytes(number["figure"]))


def makespan(seconds: Sequence[float], at_a_time: int) -> float:
    """Seconds until all jobs are done, each started as soon as there is room for it."""
    busy = [0.0] * min(at_a_time, max(1, len(seconds)))
    for duration in seconds:
        heapq.heapreplace(busy, busy[0] + duration)
    return max(busy)


def wall_seconds(kinds: Sequence[Kind], machine: Machine, left: bool = False) -> float:
    """Seconds from the start of a study to its report, on a machine that does nothing else."""
    first, scores, rest = kinds[:-2], kinds[-2], kinds[-1]
    # At the end one waits for the other: the summary, figures and all else, the report.
    last = rest.left if left else rest.seconds
    ends = [last[1:2], [*last[:1], *last[2:-1]], last[-1:]] if len(last) > 2 else [last]
    stages = [[s for k in stage for s in (k.left if left else k.seconds)]
              for stage in (first, [scores])] + ends  # fmt: skip
    total = 0.0
    for seconds in stages:
        jobs = [each + machine.overhead for each in seconds]
        busy = makespan(jobs, machine.at_a_time) if jobs else 0.0
        total += max(busy, machine.handed_out * len(jobs))
    return total


def suggested(
    experiment: Mapping[str, Any], known: Knowledge, target: float
) -> tuple[int, str, float, float]:
    """The batch size with which jobs of the slowest method take about some time on average.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    known : Knowledge
        Of costs.
    target : float
        Seconds.

    Returns
    -------
    int, str, float, float
        The size, which cuts the replicates evenly; the slowest method; seconds of its jobs on
        average and at most with the batch size that the config has.
    """
    loads = [Load(c.participants, c.trials, 1) for c in cells_of(experiment).values()]

    def each(method: Mapping[str, Any]) -> list[float]:
        """Seconds per data set in every cell."""
        cost, work = known.cost(kind_of(method))[0], relative_work(method)
        return [cost.per_replicate(work, load) for load in loads]

    by_method = {name: each(method) for name, method in methods_of(experiment).items()}
    slowest = max(by_method, key=lambda name: sum(by_method[name]))
    start = known.cost(kind_of(methods_of(experiment)[slowest]))[0].start
    average, replicates = statistics.fmean(by_method[slowest]), experiment["replicates"]
    size = min(replicates, max(1, int((target - start) / average)))
    even = math.ceil(replicates / math.ceil(replicates / size))
    now = min(replicates, experiment["batch_size"])
    return even, slowest, start + now * average, start + now * max(by_method[slowest])


def table(kinds: Sequence[Kind]) -> Iterator[str]:
    """One line per kind of job, and what they are together."""
    heads = ("jobs", "on disk", "CPU hours", "per job", "longest", "memory", "disk")
    yield f"{'kind of job':<24}" + "".join(f"{head:>11}" for head in heads) + "  times from"
    for kind in kinds:
        entries = (
            f"{len(kind.seconds):,}", f"{len(kind.seconds) - len(kind.left):,}",
            f"{sum(kind.seconds) / 3600:,.2f}", duration(statistics.median(kind.seconds)),
            duration(max(kind.seconds)), amount(kind.memory * 2**20), amount(kind.disk),
        )  # fmt: skip
        said = f"{kind.source}, within a factor of {kind.factor:.2g}"
        yield f"{kind.name:<24}" + "".join(f"{entry:>11}" for entry in entries) + f"  {said}"
    jobs, left = (sum(len(s) for s in t) for t in zip(*((k.seconds, k.left) for k in kinds),
                                                      strict=True))  # fmt: skip
    hours = sum(sum(kind.seconds) for kind in kinds) / 3600
    yield f"{'together':<24}{jobs:>11,}{jobs - left:>11,}{hours:>11,.2f}"


def totals(kinds: Sequence[Kind], machine: Machine) -> Iterator[str]:
    """Time, disk, memory and planning of a whole study, in sentences."""
    cpu = sum(sum(kind.seconds) for kind in kinds)
    low = sum(sum(kind.seconds) / kind.factor for kind in kinds) / cpu
    high = sum(sum(kind.seconds) * kind.factor for kind in kinds) / cpu
    whole, left = (wall_seconds(kinds, machine, left) for left in (False, True))
    yield (
        f"Time: about {duration(whole)} with {machine.at_a_time} jobs at a time and nothing else "
        f"running, and most likely from {duration(low * whole)} to {duration(high * whole)}."
    )
    if left < whole:
        yield f"Left, if what is on disk is still up to date: about {duration(left)}."
    jobs = sum(len(kind.seconds) for kind in kinds)
    files = 5 * jobs + FIXED_FILES
    disk = sum(kind.disk for kind in kinds)
    largest = max(kind.memory for kind in kinds[:-1])
    together = amount(largest * min(machine.at_a_time, jobs) * 2**20)
    yield f"Disk: about {amount(disk)} in {files:,} files."
    yield (
        f"Memory: at most {amount(largest * 2**20)} is asked for by a job of which there are many, "
        f"{together} by as many as run at a time."
    )
    first, each, base, more = PLANNING
    yield (
        f"Planning {jobs:,} jobs takes about {duration(first + each * jobs)} of each start, and "
        f"{amount((base + more * jobs) * 2**20)}."
    )


def longest(experiment: Mapping[str, Any]) -> str:
    """One sentence about what a queue must allow."""
    jobs = [load for *_, load in _loads(experiment, cells_of(experiment))]
    methods = methods_of(experiment).values()
    minutes = max(minutes_to_fit(method, load) for method in methods for load in set(jobs))
    return (
        f"On a cluster, a job asks for {duration(60 * minutes)} at most at its first attempt, and "
        f"for {duration(60 * grown(minutes, 3))} at its third: the queue must allow that."
    )


def advice(experiment: Mapping[str, Any], known: Knowledge, target: float) -> str:
    """One sentence about the batch size."""
    size, slowest, average, longest = suggested(experiment, known, target)
    now = experiment["batch_size"]
    said = (
        f"Batches: with batch_size: {now}, jobs of {slowest}, the slowest method, take "
        f"{duration(average)} on average and {duration(longest)} at most"
    )
    near = 1 / NEAR <= average / target <= NEAR
    if near or size == min(now, experiment["replicates"]):
        return f"{said}; that is as near to {duration(target)} as it need be."
    return (
        f"{said}; for about {duration(target)}, set batch_size: {size}. That changes no number, "
        "but what is on disk would be computed again."
    )


def duration(seconds: float) -> str:
    """Seconds in the unit in which they are easily read."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{_figures(seconds / size)} {unit}"
    return f"{_figures(seconds)} s"


def amount(size: float) -> str:
    """Bytes in the unit in which they are easily read."""
    for unit, power in (("TiB", 40), ("GiB", 30), ("MiB", 20)):
        if size >= 2**power:
            return f"{_figures(size / 2**power)} {unit}"
    return f"{_figures(size / 2**10)} KiB"


def _figures(value: float) -> str:
    """Two or three figures, without an exponent."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.2g}"


def machine_of(cores: int, profile: Path | None) -> Machine:
    """What jobs run on: the cores of a computer, or a cluster as its profile describes it."""
    if profile is None:
        return Machine(cores)
    file = profile / "config.yaml"
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        unreadable = Mistake((), "profile", None, f"not a profile that can be read: {error}")
        raise ConfigError([unreadable], str(file)) from error
    if settings.get("executor", "local") == "local":
        return Machine(cores)
    jobs = settings.get("jobs")
    if not isinstance(jobs, int) or jobs < 1:
        must = "must be a whole number above 0"
        raise ConfigError([wrong(("jobs",), jobs, "profile", must)], str(file))
    return Machine(jobs, SUBMITTED, _interval(settings.get("max-jobs-per-timespan")))


def _interval(rate: Any) -> float:
    """Seconds between two submissions, from the profile's ``5/1s``."""
    found = re.fullmatch(r"(\d+)/(\d+)([smh]?)", str(rate))
    if found is None or not int(found[1]):
        return Machine.handed_out
    return int(found[2]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[3]] / int(found[1])


def know(experiment: Mapping[str, Any], results: Path, calibrate: bool) -> Knowledge:
    """What is known of a study's costs; what no finished job tells may be calibrated now."""
    run = experiment["run"]
    finished = benchmarks(results, run, experiment)
    kept = results / run / "calibration.json"
    tried = remembered(kept)
    kinds = [kind_of(method) for method in methods_of(experiment).values()]
    unknown = [kind for kind in kinds if not of_kind([*finished, *tried], kind)]
    if calibrate and unknown:
        more = calibrated(experiment, unknown, print)
        tried = [*tried, *more]
        if more:
            remember(kept, tried)
        print()
    return Knowledge(finished, tried)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes above 0")
    return minutes


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make plan", description=__doc__.split("\n")[0])
    parser.add_argument("config", help="the study's config")
    parser.add_argument("--cores", type=_whole, default=os.cpu_count() or 1, help="of the computer")
    parser.add_argument("--profile", type=Path, help="folder of the profile; a cluster's says jobs")
    parser.add_argument("--minutes-per-job", type=_minutes, default=10.0, help="wanted; 10 if not")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of all runs")
    parser.add_argument("--no-calibration", action="store_true", help="run nothing to measure it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of ``make plan``."""
    given = _options(arguments)
    try:
        experiment = load(given.config).resolved()
        machine = machine_of(given.cores, given.profile)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    known = know(experiment, given.results, not given.no_calibration)
    kinds = kinds_of(experiment, known, given.results / experiment["run"])
    cells = len(cells_of(experiment))
    print(
        f"{experiment['run']}: {cells:,} cells of {experiment['replicates']:,} replicates, in "
        f"batches of {experiment['batch_size']:,}\n"
    )
    print("\n".join(table(kinds)), end="\n\n")
    print("\n".join(totals(kinds, machine)))
    print(longest(experiment))
    print(advice(experiment, known, 60 * given.minutes_per_job))
    return 0


if __name__ == "__main__":
    sys.exit(main())
