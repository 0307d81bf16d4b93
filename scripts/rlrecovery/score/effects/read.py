"""Reads the files of the rule ``compare``, and refuses those that are not of this study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.effects.analyses import analyses_of, compare_hash, has_retest
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.registry import Method
from rlrecovery.storage.expected import row_problem
from rlrecovery.storage.files import BrokenFile, conform, read_origin, read_table
from rlrecovery.storage.schemas import EFFECT_BATCH, RETEST_BATCH

#: Columns that identify an effect.
EFFECT = ["kind", "effect", "parameter"]


@dataclass(frozen=True)
class EffectBatches:
    """The files of a study with effects, and what they must hold.

    Attributes
    ----------
    methods : mapping
        The methods that analyse effects, by name.
    cells : mapping
        The cells with effects, by key.
    generators : mapping
        Generator of each cell, by the key of the cell without effects.
    settings : EffectSettings
        Settings of the analyses.
    ranges : mapping
        Half-open range of the data sets of each batch, by method and batch.
    folders : mapping
        Paths of the folders ``effects`` and ``retest``.
    """

    methods: Mapping[str, Method]
    cells: Mapping[str, EffectCell]
    generators: Mapping[str, EffectGenerator]
    settings: EffectSettings
    ranges: Mapping[str, Mapping[str, Sequence[int]]]
    folders: Mapping[str, str]

    def generator(self, cell: EffectCell) -> EffectGenerator:
        """Generator of a cell."""
        return self.generators[cell.cell.key]

    def effects(self, method: str, cell: str) -> pd.DataFrame:
        """Read the effects of a cell, columns `rlrecovery.storage.schemas.EFFECT_BATCH`.

        Raises
        ------
        BrokenFile
            If a file cannot be read, is of other settings, or has other rows than it must.
        """
        design = self.generator(self.cells[cell]).design
        analyses = analyses_of(self.methods[method], self.settings, design)
        expected = [
            (e.kind, e.name, e.parameter, analysis) for analysis in analyses for e in design.effects
        ]
        keys = [*EFFECT, "analysis"]
        return self._joined(method, cell, "effects", EFFECT_BATCH, keys, expected)

    def retests(self, method: str, cell: str) -> pd.DataFrame:
        """Read the agreement of two sessions in a cell, columns `RETEST_BATCH`; as `effects`."""
        expected = []
        if has_retest(self.cells[cell], self.settings):
            expected = [(name,) for name in self.methods[method].fitted_model().names]
        return self._joined(method, cell, "retest", RETEST_BATCH, ["parameter"], expected)

    def _joined(
        self,
        method: str,
        cell: str,
        folder: str,
        columns: Mapping[str, str],
        keys: Sequence[str],
        expected: Sequence[tuple[str, ...]],
    ) -> pd.DataFrame:
        """Read the table of all batches of a cell."""
        own = self.cells[cell]
        settings = compare_hash(self.methods[method], self.generator(own), own, self.settings)

        def tables() -> Iterator[pd.DataFrame]:
            """The table of each batch, checked."""
            for batch, replicates in self.ranges[method].items():
                path = f"{self.folders[folder]}/{method}/{cell}/{batch}.parquet"
                table = read_table(path, columns)
                if read_origin(path).get("settings") != settings:
                    raise BrokenFile.of(path, "it was made with other settings")
                problem = _problem(table, keys, expected, range(*replicates))
                if problem is not None:
                    raise BrokenFile.of(path, problem)
                yield table

        return conform(pd.concat(tables(), ignore_index=True), columns)


def _problem(
    table: pd.DataFrame,
    keys: Sequence[str],
    expected: Sequence[tuple[str, ...]],
    replicates: Sequence[int],
) -> str | None:
    """What is wrong with the rows of a batch; None if each expected key is there once."""
    numbers = {key: number for number, key in enumerate(expected)}
    values = zip(*(table[key].astype(str) for key in keys), strict=True)
    codes = [numbers.get(key, len(numbers)) for key in values]
    needed = [np.repeat(replicates, len(numbers)), np.tile(range(len(numbers)), len(replicates))]
    return row_problem([table["replicate"], codes], needed, ("replicate", "/".join(keys)))
