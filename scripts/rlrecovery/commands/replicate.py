"""``make replicate``: simulate and fit one data set again and compare it with the one on disk.

On the machine that ran the study, the results are identical. On other machines, sampled values may
differ within their Monte Carlo error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, generator_of, methods_of
from rlrecovery.design.cells import batches
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.storage.files import BrokenFile, read_table
from rlrecovery.storage.schemas import TRIALS, estimates_columns

#: Columns that identify a row of estimates within a data set.
KEYS = ["level", "participant", "parameter"]

#: Columns that are printed. All columns except the run time are compared.
PRINTED = ["estimate", "se", "status"]


def read_stored(path: Path, columns: Iterable[str], replicate: int) -> pd.DataFrame | None:
    """Read the rows of a data set from disk; None if its batch is not finished."""
    if not path.is_file():
        return None
    table = read_table(path, columns)
    return table[table["replicate"] == replicate].reset_index(drop=True)


def side_by_side(computed: pd.DataFrame, stored: pd.DataFrame | None) -> str:
    """Format estimates next to the stored ones and their differences."""
    table = computed[[*KEYS, *PRINTED]]
    if stored is not None:
        names = {name: f"{name}_stored" for name in PRINTED}
        table = table.merge(stored[[*KEYS, *PRINTED]].rename(columns=names), on=KEYS, how="outer")
        table["difference"] = table["estimate"] - table["estimate_stored"]
    text: str = table.to_string(index=False, float_format=lambda x: f"{x:.6g}")
    return text


def report_equality(name: str, computed: pd.DataFrame, stored: pd.DataFrame | None) -> bool:
    """Print whether a table equals the stored one, except for run times; True without one."""
    if stored is None:
        print(f"{name}: not on disk yet, nothing to compare with")
        return True
    left, right = (table.drop(columns="seconds", errors="ignore") for table in (computed, stored))
    equal = left.equals(right[list(left.columns)])
    print(f"{name}: {'equal to the results on disk' if equal else 'DIFFERS from the results'}")
    return equal


def replicate_again(experiment: Experiment, key: str, replicate: int, run: Path) -> bool:
    """Simulate and fit one data set again, and print how it compares with the results on disk.

    `run` is the folder of the results. Returns whether all stored results are equal.
    """
    cell, levels = cells_of(experiment)[key], experiment.interval_levels
    generator = generator_of(experiment, cell)
    ranges = batches(experiment.most_replicates, experiment.batch_size)
    batch = next(name for name, (start, stop) in ranges.items() if start <= replicate < stop)
    with tempfile.TemporaryDirectory() as folder:
        trials, truth, estimates = (f"{folder}/{i}.parquet" for i in range(3))
        simulate_batch(cell, generator, (replicate, replicate + 1), trials, truth)
        table = read_table(trials)
        print(f"{key}, replicate {replicate} (batch {batch}): {len(table)} trials")
        stored = read_stored(run / f"trials/{key}/{batch}.parquet", TRIALS, replicate)
        all_equal = report_equality("trials", table, stored)
        for name, method in methods_of(experiment).items():
            if replicate >= method.replicates_of(experiment.most_replicates):
                print(f"\n{name}: fits only the first {method.replicates} replicates")
                continue
            fit_batch(method, generator, cell, levels, trials, estimates)
            table = read_table(estimates)
            path = run / f"estimates/{name}/{key}/{batch}.parquet"
            stored = read_stored(path, estimates_columns(levels), replicate)
            print(f"\n{side_by_side(table, stored)}")
            all_equal &= report_equality(name, table, stored)
    return all_equal


def mistake(experiment: Experiment, key: str, replicate: int) -> str:
    """Message about an unknown cell or replicate; empty if both are valid."""
    cells = cells_of(experiment)
    if key not in cells:
        hint = did_you_mean(key, cells)
        return f"unknown cell {key}{hint}; cells are listed in design.csv"
    if not 0 <= replicate < experiment.most_replicates:
        largest = experiment.most_replicates - 1
        return f"REPLICATE must be from 0 to {largest}, got {replicate}"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """Command ``make replicate``; returns the exit status (1 if results differ)."""
    parser = argparse.ArgumentParser(
        prog="make replicate",
        description="Simulate and fit one data set again and compare it with the one on disk.",
    )
    parser.add_argument("config", help="the config file of the study")
    parser.add_argument("cell", help="key of the cell, as in design.csv")
    parser.add_argument("replicate", help="number of the data set, from 0")
    options = parser.parse_args(arguments)
    try:
        if not options.cell or not options.replicate.isdecimal():
            parser.error("give a cell and a whole number: make replicate CELL=... REPLICATE=0")
        replicate = int(options.replicate)
        experiment = load(options.config)
        message = mistake(experiment, options.cell, replicate)
        if not message:
            run = Path("results") / experiment.run
            return 0 if replicate_again(experiment, options.cell, replicate, run) else 1
    except ConfigError as error:
        message = str(error).removeprefix("error: ")
    except BrokenFile as error:
        message = str(error)
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    np.seterr(all="ignore")  # as in a job: the status of an estimate reports such problems
    sys.exit(main())
