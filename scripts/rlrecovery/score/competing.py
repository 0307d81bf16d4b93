"""Summary tables of competing models: measures of all their fits, and numbers of wins."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from rlrecovery.design.cells import Cell
from rlrecovery.score.confusion import selection_table
from rlrecovery.score.model_selection import cell_counts
from rlrecovery.score.study import Study
from rlrecovery.storage.schemas import CROSSED


def crossed_measures(study: Study) -> pd.DataFrame:
    """Collect the measures of all fits of competing models, for parameters that both models have.

    Columns `CROSSED`, with truth columns after ``cell``.
    """
    tables = []
    for name, method in study.methods.items():
        labels = study.design_labels(method)
        for key, cell in study.cells.items() if method.contest else ():
            scores = study.scores(name, cell)
            has_bias = (scores["measure"] == "bias") & (scores["n"] > 0)
            scores = scores[scores["parameter"].isin(scores.loc[has_bias, "parameter"])]
            tables.append(
                study.with_design(scores, cell, labels[key], name).assign(
                    scope="cell",
                    model=cell.model,
                    contest=method.contest,
                    simulated=cell.model,
                    fitted=method.fitted,
                    design=design_key(cell),
                )
            )
    columns = [*CROSSED[:3], *study.truth_names, *CROSSED[3:]]
    empty = pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns] if tables else empty


def selection(study: Study) -> pd.DataFrame:
    """Compute confusion and inversion matrices, columns `SELECTION`."""
    tables = []
    for cell in study.cells.values():
        contests: dict[str, dict[str, pd.DataFrame]] = {}
        for name, method in study.methods.items():
            if method.contest:
                estimates = study.estimates(name, cell)
                contests.setdefault(method.contest, {})[method.fitted] = estimates
        if contests:
            tables.append(cell_counts(contests, cell.key, design_key(cell), cell.model))
    return selection_table(pd.concat(tables, ignore_index=True) if tables else pd.DataFrame())


def design_key(cell: Cell) -> str:
    """Key of a design, which its cells share for every generating model."""
    return replace(cell, model="").size_key
