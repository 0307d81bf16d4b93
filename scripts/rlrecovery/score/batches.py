"""The files of data and estimates of a study, which are written batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from rlrecovery.score.expected import Expected
from rlrecovery.score.rows import join
from rlrecovery.storage.files import read_table
from rlrecovery.storage.provenance import Fitted
from rlrecovery.storage.schemas import TRUTH, estimates_columns


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
    expected : Expected, optional
        What the files must hold; by default they are not checked.
    """

    nominal_levels: Sequence[float]
    folders: Mapping[str, str]
    batches: Mapping[str, Sequence[str]]
    fitted: Fitted
    expected: Expected | None = None

    def estimates_with_truth(self, cell: str) -> dict[str, pd.DataFrame]:
        """Estimates in all replicates of a cell that a method fits, by method.

        Columns `rlrecovery.storage.schemas.estimates_columns` and ``truth``.

        Raises
        ------
        BrokenFile
            If a file cannot be read or does not hold what it must; the message names it.
        """
        truth = pd.concat(self._truth(cell), ignore_index=True)
        return {
            method: join(pd.concat(self._estimates(cell, method), ignore_index=True), truth)
            for method in self.fitted
        }

    def _truth(self, cell: str) -> Iterator[pd.DataFrame]:
        """Read the true values of a cell, batch by batch."""
        for batch in self.batches[cell]:
            path = f"{self.folders['truth']}/{cell}/{batch}.parquet"
            table = read_table(path, TRUTH)
            if self.expected is not None:
                self.expected.check_truth(table, path, cell, batch)
            yield table

    def _estimates(self, cell: str, method: str) -> Iterator[pd.DataFrame]:
        """Read the estimates of a method in a cell, batch by batch."""
        columns, ranges = estimates_columns(self.nominal_levels), self.fitted[method]
        for batch in self.batches[cell]:
            if batch not in ranges:
                continue
            path = f"{self.folders['estimates']}/{method}/{cell}/{batch}.parquet"
            table = read_table(path, columns)
            if self.expected is not None:
                self.expected.check_estimates(table, path, cell, method, ranges[batch])
            yield table
