"""What a study takes: memory of its largest job, disk space and CPU time; and what is too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rlrecovery.config.mistakes import Mistake
from rlrecovery.config.settings import Experiment
from rlrecovery.planning.plan import amount, duration
from rlrecovery.planning.stages import plan_stages

#: Most memory of a job in bytes: large nodes of clusters have 1 to 2 TiB.
MOST_MEMORY = 2 * 2**40
#: Most bytes of all files: a petabyte is more than a group's share of the disks of a cluster.
MOST_DISK = 10**15
#: Most CPU seconds: 10,000 years, which 10,000 cores compute in a year.
MOST_SECONDS = 10_000 * 365.25 * 86400

#: Largest number that is written with all of its digits.
_MOST_WRITTEN = 1e7


class Size(NamedTuple):
    """What a study takes, before any time is measured.

    Attributes
    ----------
    memory : float
        Bytes of memory that the largest job requests.
    largest : str
        Kind of that job, as ``fit bayes``.
    disk : float
        Bytes of all files.
    seconds : float
        CPU time of all jobs.
    """

    memory: float
    largest: str
    disk: float
    seconds: float


def size_of(experiment: Experiment) -> Size:
    """Predict what a study takes, with the costs known in advance."""
    stages = plan_stages(experiment)
    largest = max(stages, key=lambda name: stages[name].memory_mib)
    return Size(
        memory=stages[largest].memory_mib * 2**20,
        largest=largest,
        disk=sum(stage.disk_bytes for stage in stages.values()),
        seconds=sum(sum(stage.seconds.values()) for stage in stages.values()),
    )


def in_words(size: Size) -> str:
    """One sentence about the size of a study that is not too large."""
    return (
        f"Expected: about {duration(size.seconds)} of CPU time, {amount(size.disk)} on disk and up "
        f"to {amount(size.memory)} of memory for a job; make plan says more."
    )


def too_large(size: Size) -> Iterator[Mistake]:
    """Yield a mistake for everything of which a study takes more than there is."""
    if size.memory > MOST_MEMORY:
        remedy = "reduce batch_size, participants, trials or draws"
        if not size.largest.startswith(("simulate", "fit", "calibrate")):
            remedy = "reduce replicates, participants or the number of true values"
        yield _mistake(
            f"{_written(size.memory / 2**40)} TiB of memory for a job of {size.largest}",
            f"{MOST_MEMORY / 2**40:g} TiB",
            remedy,
        )
    few = "reduce participants, trials, replicates or the number of true values"
    if size.disk > MOST_DISK:
        disk = f"{_written(size.disk / 10**12)} TB on disk"
        yield _mistake(disk, f"{MOST_DISK // 10**12:,} TB", few)
    if size.seconds > MOST_SECONDS:
        year = 365.25 * 86400
        years = f"{_written(size.seconds / year)} years of CPU time"
        yield _mistake(years, f"{MOST_SECONDS / year:,.0f} years", few)


def _mistake(takes: str, limit: str, remedy: str) -> Mistake:
    return Mistake((), f"the study takes about {takes}; the limit is {limit}: {remedy}")


def _written(value: float) -> str:
    """A number with thousands separated, or with an exponent if it is very large."""
    return f"{value:,.0f}" if value < _MOST_WRITTEN else f"{value:.1e}"
