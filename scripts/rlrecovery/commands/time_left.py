"""The time that the remaining jobs of a run will take, from the jobs that are finished.

Nothing is assumed about the cost of a job: as long as no job of a rule and method is finished, its
share of the time left is unknown, and the estimate is a lower bound.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

#: Rule, method and size of the cell of a job; empty where a job has none.
Kind = tuple[str, str, str]


class Estimate(NamedTuple):
    """Seconds until all jobs are done, and whether that is only a lower bound."""

    seconds: float
    is_bound: bool


def in_words(seconds: float) -> str:
    """Format a duration with a suitable unit and about two digits."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            number = seconds / size
            return f"{number:.2g} {unit}" if number < 99.5 else f"{number:.0f} {unit}"
    return f"{seconds:.0f} s"


@dataclass
class _Average:
    """Total and number of durations in seconds."""

    total: float = 0.0
    count: int = 0

    def add(self, seconds: float) -> None:
        """Count one more job."""
        self.total += seconds
        self.count += 1

    @property
    def mean(self) -> float | None:
        """Mean seconds of a job; None before the first."""
        return self.total / self.count if self.count else None


@dataclass
class TimeLeft:
    """Clock of a run, told of each start and end of a job.

    The jobs that are left take the mean duration of their kind, or of their rule and method as long
    as no job of that size is finished. Their sum is divided by the mean number of jobs at a time so
    far, which is the time that jobs took per time of the run.

    On a cluster, it cannot be seen whether a submitted job waits or runs. Only the time of finished
    jobs is counted there, which is enough once as many jobs are finished as are submitted.

    Attributes
    ----------
    expected : iterable of Kind
        The kind of each job of the run.
    on_cluster : bool
        Whether jobs may wait in a queue.
    clock : callable
        Current time in seconds.
    """

    expected: Iterable[Kind]
    on_cluster: bool = False
    clock: Callable[[], float] = time.monotonic
    _left: Counter[Kind] = field(init=False)
    _running: dict[int, tuple[Kind, float]] = field(init=False, default_factory=dict)
    _durations: defaultdict[tuple[str, ...], _Average] = field(
        init=False, default_factory=lambda: defaultdict(_Average)
    )
    _failed: dict[int, Kind] = field(init=False, default_factory=dict)
    _finished: int = field(init=False, default=0)
    _work_done: float = field(init=False, default=0.0)
    _began: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._left = Counter(self.expected)

    def start(self, job: int, kind: Kind) -> None:
        """Note that a job was started or submitted, perhaps again after it failed."""
        now = self.clock()
        self._began = now if self._began is None else self._began
        self._running[job] = (kind, now)
        if job in self._failed:
            self._left[self._failed.pop(job)] += 1

    def finish(self, job: int, seconds: float | None = None) -> float | None:
        """Note that a job is finished; return its duration.

        It took the time since its start, or the given `seconds`. The duration of a job whose start
        was not noted is unknown.
        """
        if job not in self._running:
            return None
        kind, started = self._running.pop(job)
        duration = self.clock() - started if seconds is None else seconds
        self._left[kind] -= 1
        self._finished += 1
        self._work_done += duration
        self._durations[kind].add(duration)
        self._durations[kind[:2]].add(duration)
        return duration

    def fail(self, job: int) -> None:
        """Note that a job failed, which is not left unless it is started again."""
        if job not in self._running:
            return
        kind, started = self._running.pop(job)
        self._failed[job] = kind
        self._left[kind] -= 1
        if not self.on_cluster:  # it took time from the others
            self._work_done += self.clock() - started

    def estimate(self) -> Estimate | None:
        """Estimate the time left; None if too little is known.

        That is the case until the first job is finished, or on a cluster as many as are submitted,
        and if the duration of most jobs that are left is unknown.
        """
        if self._began is None or self._finished < (len(self._running) if self.on_cluster else 1):
            return None
        means = {kind: self._mean(kind) for kind, count in self._left.items() if count > 0}
        known = {kind: mean for kind, mean in means.items() if mean is not None}
        n_left, n_known = (sum(self._left[kind] for kind in kinds) for kinds in (means, known))
        if not n_known or 2 * n_known < n_left:
            return None
        now, work_done = self.clock(), self._work_done
        work_left = sum(self._left[kind] * mean for kind, mean in known.items())
        if not self.on_cluster:
            for kind, started in self._running.values():
                work_done += now - started
                work_left -= min(now - started, known.get(kind, 0.0))
        if work_done <= 0:
            return None
        jobs_at_a_time = min(work_done / max(now - self._began, 1e-9), n_left)
        return Estimate(work_left / jobs_at_a_time, n_known < n_left)

    def _mean(self, kind: Kind) -> float | None:
        """Mean duration of a kind in seconds, or of all sizes of its rule and method."""
        exact = self._durations.get(kind)
        similar = self._durations.get(kind[:2])
        return exact.mean if exact else similar.mean if similar else None
