"""The files of data and estimates of a study, which are written batch by batch."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from rlrecovery.score.rows import join
from rlrecovery.storage.files import damaged, read_table
from rlrecovery.storage.provenance import Fitted
from rlrecovery.storage.schemas import ESTIMATE_KEYS, TRUTH, estimates_columns


@dataclass(frozen=True)
class Batches:
    """Estimates and true values of the cells of a study.

    Attributes
    ----------
    nominal_levels : sequence of float
        Nominal levels of the intervals.
    folders : mapping
        Paths of the folders ``estimates`` and ``truth``.
    batches : mapping
        From the key of a cell to the keys of its batches.
    fitted : mapping
        Batches of each method, see `rlrecovery.config.study.fitted_batches`.
    """

    nominal_levels: Sequence[float]
    folders: Mapping[str, str]
    batches: Mapping[str, Sequence[str]]
    fitted: Fitted

    def estimates_with_truth(self, cell: str) -> dict[str, pd.DataFrame]:
        """Estimates in all replicates of a cell that a method fits, by method.

        Columns `rlrecovery.storage.schemas.estimates_columns` and ``truth``.
        """
        names, columns = self.batches[cell], estimates_columns(self.nominal_levels)
        truth = _read(f"{self.folders['truth']}/{cell}", names, TRUTH)
        tables = {}
        for method, ranges in self.fitted.items():
            folder = f"{self.folders['estimates']}/{method}/{cell}"
            estimates = _read(folder, [name for name in names if name in ranges], columns)
            tables[method] = join(estimates, truth)
        return tables


def _read(folder: str, names: Sequence[str], columns: Mapping[str, str]) -> pd.DataFrame:
    """Read the batches of a cell, in which no replicate may be twice."""
    paths = [f"{folder}/{name}.parquet" for name in names]
    tables = [read_table(path, columns) for path in paths]
    table = pd.concat(tables, ignore_index=True)
    repeated = table.duplicated(ESTIMATE_KEYS).to_numpy()
    if repeated.any():
        row = int(repeated.argmax())
        ends = list(itertools.accumulate(map(len, tables)))
        key = ", ".join(f"{name} {value}" for name, value in table.loc[row, ESTIMATE_KEYS].items())
        problem = f"{repeated.sum()} rows are there already, the first with {key}"
        raise damaged(paths[bisect.bisect_right(ends, row)], problem)
    return table
