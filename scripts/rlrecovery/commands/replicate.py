"""``make replicate``: one data set of one cell again, alone, beside what the study has on disk.

For whoever doubts a number: the data set is simulated anew and fitted anew by every method, and
each row is held against the stored one. On the machine that made the study they are equal in every
digit; elsewhere sampled numbers may differ within their Monte Carlo error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.design.cells import Cell, batches, cells_of, generator_of, methods_of
from rlrecovery.fit import make_fitter
from rlrecovery.fit.base import Setting
from rlrecovery.fit.batch import fit_data_set, sampling_seed
from rlrecovery.likelihood.scan import observations_from_table
from rlrecovery.simulate.batch import lengths, simulate_replicate, trials_table
from rlrecovery.simulate.task import task_from_config
from rlrecovery.storage.files import BrokenFile, conform, read_table
from rlrecovery.storage.schemas import TRIALS, estimates_columns

#: What tells one row of estimates from another.
KEYS = ["level", "participant", "parameter"]
#: Columns that are shown; all others but the run time are compared all the same.
SHOWN = ["estimate", "se", "status"]


def simulated(cell: Cell, generator: Mapping[str, Any], replicate: int) -> pd.DataFrame:
    """The trials of one data set, as the study wrote them."""
    values = cell.values()
    _, behaviour = simulate_replicate(values, generator, replicate)
    blocks = task_from_config(generator["task"]).block_of_trial(cell.trials)
    return trials_table(behaviour, replicate, blocks, lengths(values))


def fitted(
    method: Mapping[str, Any],
    generator: Mapping[str, Any],
    cell: Cell,
    levels: list[float],
    trials: pd.DataFrame,
) -> pd.DataFrame:
    """All rows of one method on one data set."""
    replicate = int(trials["replicate"].iloc[0])
    with threadpool_limits(1):
        fitter = make_fitter(method, Setting.of(method, generator["task"], cell.values(), levels))
        data = observations_from_table(trials, generator["task"].get("reset", True))
        seed = sampling_seed(generator, cell.values(), replicate)
        rows = fit_data_set(fitter, data, seed, levels)
    return conform([{"replicate": replicate, **row} for row in rows], estimates_columns(levels))


def stored(path: Path, columns: Mapping[str, str], replicate: int) -> pd.DataFrame | None:
    """Rows of a data set on disk; None where the study has not got so far."""
    if not path.is_file():
        return None
    table = read_table(path, columns)
    return table[table["replicate"] == replicate].reset_index(drop=True)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables are equal in every digit, run times aside."""
    left, right = (table.drop(columns="seconds", errors="ignore") for table in (one, other))
    return left.equals(right[list(left.columns)]) if len(left) == len(right) else False


def lines(again: pd.DataFrame, before: pd.DataFrame | None) -> Iterator[str]:
    """Each row as it is now and as it is on disk."""
    table = again[[*KEYS, *SHOWN]]
    if before is not None:
        columns = before[[*KEYS, *SHOWN]].rename(columns={name: f"{name}_stored" for name in SHOWN})
        table = table.merge(columns, on=KEYS, how="outer")
        table["difference"] = table["estimate"] - table["estimate_stored"]
    yield from table.to_string(index=False, float_format=lambda x: f"{x:.6g}").splitlines()


def replicate_again(experiment: Mapping[str, Any], key: str, replicate: int, folder: Path) -> bool:
    """Simulate, fit and compare one data set, and print it; whether all that is stored is the same.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    key : str
        Of the cell.
    replicate : int
        Number of the data set in its cell.
    folder : Path
        ``results/<run>``.
    """
    cell, levels = cells_of(experiment)[key], experiment["interval_levels"]
    generator = generator_of(experiment, cell)
    ranges = batches(experiment["replicates"], experiment["batch_size"])
    batch = next(name for name, (first, stop) in ranges.items() if first <= replicate < stop)
    trials = simulated(cell, generator, replicate)
    before = stored(folder / f"trials/{key}/{batch}.parquet", TRIALS, replicate)
    print(f"{key}, replicate {replicate} (in {batch}): {len(trials)} trials")
    met = _told("trials", trials, before)
    for name, method in methods_of(experiment).items():
        again = fitted(method, generator, cell, levels, trials)
        path = folder / f"estimates/{name}/{key}/{batch}.parquet"
        before = stored(path, estimates_columns(levels), replicate)
        print(f"\n{name}")
        print("\n".join(f"  {line}" for line in lines(again, before)))
        met &= _told(f"  {name}", again, before)
    return met


def _told(name: str, again: pd.DataFrame, before: pd.DataFrame | None) -> bool:
    """Print whether a table is as it is on disk; a table that is not there yet is no difference."""
    if before is None:
        print(f"{name}: not on disk yet, nothing to compare with")
        return True
    equal = same(again, before)
    print(f"{name}: {'the same as on disk in every digit' if equal else 'NOT as on disk'}")
    return equal


def main(arguments: list[str] | None = None) -> int:
    """Entry of ``make replicate``."""
    parser = argparse.ArgumentParser(prog="make replicate", description=__doc__.split("\n")[0])
    parser.add_argument("config", help="the study's config")
    parser.add_argument("cell", help="key of the cell, as in design.csv")
    parser.add_argument("replicate", type=int, help="number of the data set, from 0")
    given = parser.parse_args(arguments)
    try:
        experiment = load(given.config).resolved()
        known = cells_of(experiment)
        if given.cell not in known:
            hint = did_you_mean(given.cell, known)
            raise BrokenFile(f"CELL is {given.cell}, which is no cell of this study{hint}; "
                             "the cells are in design.csv")  # fmt: skip
        if not 0 <= given.replicate < experiment["replicates"]:
            most = experiment["replicates"] - 1
            raise BrokenFile(f"REPLICATE is {given.replicate}, but must be from 0 to {most}")
        folder = Path("results") / experiment["run"]
        return 0 if replicate_again(experiment, given.cell, given.replicate, folder) else 1
    except (BrokenFile, ConfigError) as error:
        text = str(error)
        print(text if text.startswith("error: ") else f"error: {text}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    np.seterr(all="ignore")  # as in a job: flagged rows say what went wrong
    sys.exit(main())
