"""Calibration of the exact hierarchical posterior: truths drawn from the priors that are fitted.

`rlrecovery.calibration` does the work; here are the design and the criterion.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from fits import ARMS, POPULATION, QUADRATURE, START

from rlrecovery.calibration.batch import calibrate_batch
from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.summary import read_batch, uniformity

PARTICIPANTS, TRIALS, DATA_SETS = 8, 40, 1000
#: Data sets are not calibrated if a test of uniformity has a smaller p-value.
SMALLEST_P = 0.001


def generator(seed: int = 1) -> PriorGenerator:
    """The hierarchical method and its design."""
    return PriorGenerator.of(
        {
            "seed": seed,
            "method": QUADRATURE | {"pooling": "partial", "priors": POPULATION},
            "task": {"arms": list(ARMS), "blocks": 1, "start_value": START},
            "participants": PARTICIPANTS,
            "trials": TRIALS,
        }
    )


def calibration(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """Fit data sets with parameters from the prior.

    Returns
    -------
    DataFrame
        One row per quantity, columns of `rlrecovery.storage.schemas.UNIFORMITY`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "places.parquet")
        calibrate_batch(generator(), (0, data_sets), path)
        places = read_batch(path, generator(), (0, data_sets))
    return uniformity(places.assign(method="hierarchical"))


def calibrated(data_sets: int = DATA_SETS) -> bool:
    """Print the tests; whether all quantities are calibrated."""
    print(
        f"\nIs the exact hierarchical posterior calibrated ({data_sets} data sets of "
        f"{PARTICIPANTS} participants and {TRIALS} trials, all parameters from the prior)?"
    )
    table = calibration(data_sets)
    for row in table.to_dict("records"):
        band = "within" if row["inside"] else "outside"
        print(
            f"  {row['parameter']}, {row['level']}: uniform with p = {row['p']:.3f}, "
            f"{band} the 95 % band"
        )
    met = bool((table["p"] > SMALLEST_P).all())
    print("  calibrated" if met else "  DIFFERS: not uniform")
    return met
