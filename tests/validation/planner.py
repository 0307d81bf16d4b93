"""The planner: a design on its frontier, simulated again with other seeds and 500 replicates.

``python -m validation.planner CONFIG FRESH`` writes the config of the fresh study: of the cheapest
design that meets all requirements, by the first method. Then `planner` compares its measures with
the limits of the requirements.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from rlrecovery.advice.answer import Answer, answers
from rlrecovery.advice.measured import measured
from rlrecovery.advice.scales import transform, transform_scores
from rlrecovery.advice.surrogate import Points
from rlrecovery.config.reader import load
from rlrecovery.config.settings import Experiment
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import write_yaml

REPLICATES, BATCH = 500, 50
#: Largest distance from the limit in standard errors.
LARGEST = 3.0


def answer_of(experiment: Experiment, results: Path) -> Answer:
    """The last answer of the first method, which is that to all requirements together."""
    summary = load_summary(results / experiment.run / "summary", ("recovery", "selection"))
    found = [a for a in answers(summary, experiment) if a.method == summary.methods[0]]
    return found[-1]


def fresh(experiment: Experiment, answer: Answer) -> dict[str, Any]:
    """Plain config of the fresh study."""
    best, plain = answer.cheapest, experiment.resolved()
    assert best is not None
    return plain | {
        "run": f"{experiment.run}-fresh",
        "seed": experiment.seed + 1,
        "participants": [best.participants],
        "trials": [best.trials],
        "replicates": REPLICATES,
        "batch_size": BATCH,
        "methods": {answer.method: plain["methods"][answer.method]},
    }


def planner(config: Path, fresh_config: Path, results: Path = Path("results")) -> bool:
    """Print the measures of the fresh study beside their limits; whether all agree.

    A measure agrees if it is not further than `LARGEST` standard errors on the wrong side of its
    limit, and the measure that decides is not further than that on either side. The standard error
    combines the MCSE of the fresh study with the error of the predicted measure.
    """
    experiment, again = load(config), load(fresh_config)
    answer = answer_of(experiment, results)
    summary = load_summary(results / again.run / "summary", ("recovery", "selection"))
    size = f"{again.participants[0]} participants with {again.trials[0]} trials"
    print(f"\nThe cheapest design for all requirements of {config}, by {answer.method}, is {size}.")
    print(f"Simulated again with another seed and {again.replicates} replicates:")
    place = Points(np.array([float(again.trials[0])]), np.array([float(again.participants[0])]))
    distances = []
    for entry, margin in zip(measured(summary, again), answer.margins, strict=True):
        values, errors = transform_scores(entry.scale, entry.value, entry.mcse, entry.n)
        error = float(np.hypot(errors[0], margin.surrogate.se(place)[0]))
        limit = float(transform(entry.scale, entry.target.limit))
        distances.append(entry.target.sign * (float(values[0]) - limit) / error)
        side = "at least" if entry.target.sign > 0 else "at most"
        print(
            f"  {entry.subject}: {entry.value[0]:.4f} ± {entry.mcse[0]:.4f}, required {side} "
            f"{entry.target.limit:g}: {distances[-1]:+.1f} standard errors on the right side"
        )
    agrees = -LARGEST <= min(distances) <= LARGEST
    print("  The requirements are met within Monte Carlo error." if agrees else "  DIFFERS")
    return agrees


def main() -> None:
    """Write the config of the fresh study."""
    config, target = map(Path, sys.argv[1:3])
    experiment = load(config)
    write_yaml(fresh(experiment, answer_of(experiment, Path("results"))), target)


if __name__ == "__main__":
    main()
