"""The scores of a study, from which its summary is made, with columns that describe the design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rlrecovery.design.cells import UNNAMED, Cell, cell_labels
from rlrecovery.fitting.registry import Method
from rlrecovery.storage.files import read_tables
from rlrecovery.storage.schemas import SCORED


@dataclass(frozen=True)
class Study:
    """Methods, cells and scores of a study.

    Attributes
    ----------
    methods, cells : mapping
        Methods by name, and cells by key.
    scores : mapping
        The tables `rlrecovery.storage.schemas.SCORED` of all designs, by name.
    """

    methods: Mapping[str, Method]
    cells: Mapping[str, Cell]
    scores: Mapping[str, pd.DataFrame]

    @classmethod
    def read(
        cls, methods: Mapping[str, Method], cells: Mapping[str, Cell], folders: Iterable[str]
    ) -> Study:
        """Read the scores of all designs from their folders."""
        folders = list(folders)
        scores = {
            name: read_tables([f"{folder}/{name}.parquet" for folder in folders], ())
            for name in SCORED
        }
        return cls(methods, cells, scores)

    @property
    def truth_names(self) -> list[str]:
        """Parameters of the truth grid, in the order of the design."""
        return list(dict.fromkeys(name for cell in self.cells.values() for name, _ in cell.truth))

    @property
    def design_columns(self) -> list[str]:
        """Columns that `with_design` adds."""
        return [*self.truth_names, "participants", "trials", "variant", "model", "design"]

    def arranged(self, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Sort by columns with names of methods or keys of cells, in the order of the study."""
        rank = {name: i for i, name in enumerate([*self.methods, *self.cells])}
        keys = [table[column].map(rank) for column in columns]
        return table.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)

    def arranged_by_size(self, table: pd.DataFrame) -> pd.DataFrame:
        """Sort by method, then by size, with correlations after the cells of their size."""
        is_grid = table["scope"] == "grid" if "scope" in table else np.zeros(len(table))
        places = self._places.loc[table["cell"]]
        methods = table["method"].map({name: i for i, name in enumerate(self.methods)})
        order = np.lexsort([places["cell"], is_grid, places["size"], methods])
        return table.iloc[order].reset_index(drop=True)

    @cached_property
    def _places(self) -> pd.DataFrame:
        """Place of each cell in the order of the cells, and of its size; by key of cell or size."""
        sizes = {size: i for i, size in enumerate(self._first_of_size)}
        rows = {size: (i, len(self.cells)) for size, i in sizes.items()}
        for i, (key, cell) in enumerate(self.cells.items()):
            rows[key] = sizes[cell.size_key], i
        return pd.DataFrame.from_dict(rows, orient="index", columns=["size", "cell"])

    @property
    def _first_of_size(self) -> dict[str, str]:
        """Key of the first cell of each size, by the key of the size."""
        first: dict[str, str] = {}
        for key, cell in self.cells.items():
            first.setdefault(cell.size_key, key)
        return first

    def of_generating_model(self, table: pd.DataFrame) -> pd.DataFrame:
        """Select the rows of methods outside contests, and of the model that generated the data."""
        fitted = {name: m.fitted for name, m in self.methods.items() if m.contest}
        competing, model = table["method"].map(fitted), self._design.loc[table["cell"], "model"]
        return table[competing.isna() | (competing.to_numpy() == model.to_numpy())]

    def with_design(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add the `design_columns`: truth, sizes and label of each row's cell, model and design.

        The label (``variant``) describes factors other than truth and sizes. It does not name the
        generating model for a method of a contest, whose name contains it.
        """
        design = self._design.loc[table["cell"]].set_axis(table.index)
        if "method" in table and "reference" not in table:
            contests = [name for name, method in self.methods.items() if method.contest]
            own = table["method"].isin(contests)
            design["variant"] = design["variant"].where(~own, design["variant_of_model"])
        return pd.concat([table, design[self.design_columns]], axis=1)

    @cached_property
    def _design(self) -> pd.DataFrame:
        """Values of `design_columns` by key of a cell or, without truth, of a size."""
        without_model = {key: replace(cell, model=UNNAMED) for key, cell in self.cells.items()}
        labels, labels_of_model = cell_labels(self.cells), cell_labels(without_model)

        def values(key: str) -> dict[str, str | float]:
            """Values of a cell except its truth."""
            cell = self.cells[key]
            return {
                "participants": cell.participants,
                "trials": cell.trials,
                "variant": labels[key],
                "model": cell.model,
                "design": cell.design_key,
                "variant_of_model": labels_of_model[key],
            }

        no_truth: dict[str, str | float] = dict.fromkeys(self.truth_names, np.nan)
        rows = {size: no_truth | values(key) for size, key in self._first_of_size.items()}
        rows |= {key: no_truth | dict(c.truth) | values(key) for key, c in self.cells.items()}
        texts = dict.fromkeys(("variant", "model", "design", "variant_of_model"), "str")
        table = pd.DataFrame.from_dict(rows, orient="index")
        return table.astype(dict.fromkeys(no_truth, "float64") | texts)
