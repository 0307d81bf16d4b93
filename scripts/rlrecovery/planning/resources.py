"""How much memory and time a job may take: a cluster wants to know before it starts one.

Peaks of memory and CPU times were measured for 5 to 100 participants, 50 to 400 trials and 1 to
200 replicates, and rounded up. Time is given with a large margin, for other processors are slower
and some posteriors much harder to sample than others; who asks for too much waits longer in the
queue, who asks for too little is killed, and asks for twice as much. No number of a study depends
on any of this.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rlrecovery.models.library import find_model

#: MiB of the two processes that start a job on a cluster and wait beside it: 2 x 265 were seen.
AROUND = 600

#: MiB of a job before it holds any data: Python, its packages and the compiled model. 140, 200, 295
#: and 385 were seen; a quadrature over three parameters may have 1.5 million nodes.
EMPTY = {"simulate": 150, "mock": 200, "mle": 320, "quadrature": 600, "bayes": 420}

#: MiB more where the likelihood is a scan: compiling it takes much. 230 were seen.
SCAN = 300

#: Bytes per trial of all replicates and participants of a batch: 100 to 170 were seen.
PER_TRIAL = 200

#: Bytes per row of estimates that are scored or gathered: a row has 260 to 350, and is held several
#: times.
PER_ROW = 1500

#: What is asked for is this much larger than what is expected.
MEMORY_MARGIN, TIME_MARGIN = 1.5, 5

#: Minutes of a job that has hardly anything to do: a slow disk, an empty compile cache.
AT_LEAST = 30

#: Microseconds of a processor per trial: simulating it and fitting it with a model of two
#: parameters. With NUTS, that is per trial and draw; 0.1 to 0.6 were seen.
MICROSECONDS = {"simulate": 2.0, "mock": 10.0, "mle": 10.0, "quadrature": 50.0, "bayes": 0.6}

#: How much longer it takes with the scan, with choices as random variables, and leaving one out.
SLOWER_SCAN, SLOWER_CATEGORICAL, SLOWER_LOO = 20, 5, 2

#: How much longer a quadrature takes with each parameter: nodes per axis of its first grid.
NODES = 33


@dataclass(frozen=True)
class Load:
    """What a job has to do.

    Attributes
    ----------
    participants : int
        People per data set.
    trials : int
        Trials per participant.
    replicates : int
        Data sets of the job's batch.
    """

    participants: int
    trials: int
    replicates: int

    @property
    def all_trials(self) -> int:
        """Trials of everyone in all data sets."""
        return self.participants * self.trials * self.replicates


def grown(amount: int, attempt: int) -> int:
    """What an attempt of a job asks for: each (they count from 1) twice as much as the last one."""
    return amount * 2 ** (attempt - 1)


def memory_to_simulate(load: Load) -> int:
    """MiB of a job that simulates a batch."""
    return _memory(EMPTY["simulate"], PER_TRIAL * load.all_trials)


def minutes_to_simulate(load: Load) -> int:
    """Minutes of a job that simulates a batch."""
    return _minutes(MICROSECONDS["simulate"] * load.all_trials)


def memory_to_fit(method: Mapping[str, Any], load: Load) -> int:
    """MiB of a job that fits a batch.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods``, with the model that it fits.
    load : Load
        Participants, trials and replicates.
    """
    empty = EMPTY[method["estimator"]] + (SCAN if method.get("engine") == "scan" else 0)
    samples = _bytes_of_samples(method, load) if method["estimator"] == "bayes" else 0
    return _memory(empty, PER_TRIAL * load.all_trials + samples)


def memory_to_score(methods: Iterable[Mapping[str, Any]], load: Load) -> int:
    """MiB of a job that scores all data sets of a cell; parameters as `memory_to_fit`."""
    return _memory(EMPTY["mock"], PER_ROW * sum(rows_of(method, load) for method in methods))


def memory_to_summarise(
    methods: Iterable[Mapping[str, Any]], loads: Iterable[tuple[str, Load]]
) -> int:
    """MiB of a job that summarises a study: cells of one size are in memory together, by method.

    Parameters
    ----------
    methods : iterable of mapping
        Of the study.
    loads : iterable of (str, Load)
        Of every cell, the name of its size and all of its data sets.
    """
    rows: Counter[tuple[int, str]] = Counter()
    every = list(loads)
    for i, method in enumerate(methods):
        for size, load in every:
            rows[i, size] += rows_of(method, load)
    return _memory(EMPTY["mock"], PER_ROW * max(rows.values()))


def rows_of(method: Mapping[str, Any], load: Load) -> int:
    """Rows of estimates of some data sets: of everyone and of the group."""
    whole = 0 if method.get("pooling") == "none" else 2
    people = 0 if method.get("pooling") == "complete" else load.participants
    return load.replicates * (people + whole) * len(find_model(method["model"]).names)


def minutes_to_fit(method: Mapping[str, Any], load: Load) -> int:
    """Minutes of a job that fits a batch; parameters as `memory_to_fit`."""
    each = MICROSECONDS[method["estimator"]] * load.all_trials
    return _minutes(each * relative_work(method))


def relative_work(method: Mapping[str, Any]) -> float:
    """How much longer a method's settings make a fit: with NUTS per draw, otherwise as a factor.

    One for a compiled model of two parameters; parameters as `memory_to_fit`.
    """
    estimator, parameters = method["estimator"], len(find_model(method["model"]).names)
    work = 1.0
    if estimator == "quadrature":
        work *= NODES ** (parameters - 2)
    elif estimator != "mock":
        work *= max(1.0, parameters / 2)
    if estimator == "bayes":
        work *= method["chains"] * (method["tune"] + method["draws"])
        work *= SLOWER_CATEGORICAL if method["likelihood"] == "categorical" else 1
        work *= SLOWER_LOO if method.get("loo") else 1
    return work * (SLOWER_SCAN if method.get("engine") == "scan" else 1)


def _bytes_of_samples(method: Mapping[str, Any], load: Load) -> int:
    """Draws of one posterior, as they are sampled and once more in another order."""
    draws = method["chains"] * (method["tune"] + method["draws"])
    people = 1 if method["pooling"] == "none" else load.participants
    # Everyone's deviation and value of each parameter, the population's, and work space.
    held = 4 * (people + 2) * len(find_model(method["model"]).names)
    if method["likelihood"] == "categorical":
        held += people * load.trials  # the log-odds of every choice
    if method.get("loo"):
        held += 4 * load.trials  # of one participant at a time
    return 8 * draws * held


def _memory(empty: int, data: int) -> int:
    """MiB to ask for, in hundreds."""
    expected = AROUND + empty + data / 2**20
    return 100 * math.ceil(MEMORY_MARGIN * expected / 100)


def _minutes(microseconds: float) -> int:
    return AT_LEAST + math.ceil(TIME_MARGIN * microseconds / 60e6)
