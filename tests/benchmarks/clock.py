"""Medians of repeated measurements, in processor time and in wall time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: A call that is shorter than this is repeated until it is not, so that clocks can resolve it.
LEAST_SECONDS = 0.05


@dataclass(frozen=True)
class Timing:
    """Seconds per call: medians over repeats; `cpu` is of all threads of this process."""

    cpu: float
    wall: float
    repeats: int


def measure(function: Callable[[], Any], repeats: int = 5, warm: bool = True) -> Timing:
    """Time a function without arguments.

    Parameters
    ----------
    function : callable
        What is timed.
    repeats : int
        How often; the median counts.
    warm : bool
        Whether it is called once before, so that compiling is not in the figures.
    """
    if warm:
        function()
    calls, times = _calls(function) if warm else 1, []
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(calls):
            function()
        times.append(((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls))
    cpu, wall = (statistics.median(column) for column in zip(*times, strict=True))
    return Timing(cpu, wall, repeats)


def _calls(function: Callable[[], Any]) -> int:
    started = time.perf_counter()
    function()
    return max(1, int(LEAST_SECONDS / max(time.perf_counter() - started, 1e-7)))
