"""Summary tables of competing models: measures of all their fits, and numbers of wins."""

from __future__ import annotations

import pandas as pd

from rlrecovery.score.confusion import selection_table
from rlrecovery.score.study import Study
from rlrecovery.storage.schemas import CROSSED


def crossed_measures(study: Study) -> pd.DataFrame:
    """Collect the measures of all fits of competing models, for parameters that both models have.

    Columns `CROSSED`, with truth columns after ``cell``.
    """
    columns = [*CROSSED[:3], *study.truth_names, *CROSSED[3:]]
    competing = {name: method for name, method in study.methods.items() if method.contest}
    measures = study.scores["measures"]
    measures = measures[(measures["scope"] == "cell") & measures["method"].isin(competing)]
    if measures.empty:
        return pd.DataFrame(columns=columns)
    keys = ["method", "cell", "parameter"]
    has_bias = (measures["measure"] == "bias") & (measures["n"] > 0)
    shared = pd.MultiIndex.from_frame(measures.loc[has_bias, keys].drop_duplicates())
    measures = measures[pd.MultiIndex.from_frame(measures[keys]).isin(shared)]
    table = study.with_design(study.arranged(measures, "method", "cell"))
    return table.assign(
        contest=table["method"].map({name: m.contest for name, m in competing.items()}),
        simulated=table["model"],
        fitted=table["method"].map({name: m.fitted for name, m in competing.items()}),
    )[columns]


def selection(study: Study) -> pd.DataFrame:
    """Compute confusion and inversion matrices, columns `SELECTION`."""
    return selection_table(study.arranged(study.scores["wins"], "cell"))
