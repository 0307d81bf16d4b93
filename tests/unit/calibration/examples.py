"""Generators and tables of calibrations, for several tests."""

import numpy as np
from settings import FLAT, POPULATION, QUADRATURE

from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.summary import uniformity
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import CALIBRATION, CALIBRATION_BATCH

TASK = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5}
PRIORS = {"none": FLAT, "complete": FLAT, "partial": POPULATION}


def generator(pooling="none", participants=1, trials=10, task=None, **method):
    """A method by quadrature, unless `method` says otherwise, and its design."""
    settings = QUADRATURE | {"pooling": pooling, "priors": PRIORS[pooling]} | method
    return PriorGenerator.of(
        {
            "seed": 1,
            "method": {"model": "rescorla_wagner"} | settings,
            "task": TASK | (task or {}),
            "participants": participants,
            "trials": trials,
        }
    )


def places(methods=("exact", "nuts"), data_sets=40, seed=0, power=1.0):
    """A table ``calibration`` of methods with PIT values U ** power."""
    rng, rows = np.random.default_rng(seed), []
    for method in methods:
        for level, name in (
            ("participant", "alpha"),
            ("group", "beta"),
            ("data set", "log_likelihood"),
        ):
            for number in range(data_sets):
                row = {
                    "method": method,
                    "replicate": number,
                    "participant": -1,
                    "level": level,
                    "parameter": name,
                    "truth": 0.5,
                    "z": rng.normal(),
                    "sd": 0.5,
                    "pit": rng.random() ** power,
                    "status": "ok",
                    "reason": "",
                    "seconds": 0.1,
                    "contraction": rng.random() if level != "data set" else np.nan,
                }
                rows.append(row)
    return conform(rows, CALIBRATION)


def uniformity_of(rows):
    """Rows of `rlrecovery.calibration.batch.calibrate`, tested; by parameter."""
    table = uniformity(conform(rows, CALIBRATION_BATCH).assign(method="exact"))
    return table.set_index("parameter")
