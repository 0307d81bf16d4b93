"""Whether a parameter is recovered: by each method, in each cell and over all true values.

There are two questions. *Individual differences* (level ``participant``): are the participants of
one population told apart? *Groups* (levels ``group`` and ``spread``): are the values of groups told
apart over the grid of true values? Each has its own baseline, which ignores the data: the mean of
the population for every participant, or the mean of the grid for every group.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rlrecovery.config.limits import Limits
from rlrecovery.score.criteria import criteria, verdict
from rlrecovery.score.jackknife import Score
from rlrecovery.score.standing import SIZE, standings
from rlrecovery.storage.schemas import SCORES

#: Columns that identify what a verdict is about.
_KEYS = ["scope", "method", "cell", "level", "parameter"]
#: Columns that identify the rows with the same baseline.
_DESIGN = ["method", "participants", "trials", "variant", "model", "level", "parameter"]
#: Verdicts from the best to the worst, as far as a recommendation is concerned.
_ORDER = ("yes", "partly", "undecided", "no", "not asked")

#: Level, parameter, ... of a row, see `_KEYS`.
_Key = tuple[str, ...]


def verdicts(recovery: pd.DataFrame, comparison: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Judge every method, level and parameter.

    Parameters
    ----------
    recovery, comparison : DataFrame
        Tables of the summary.
    limits : Limits
        Limits of the criteria.

    Returns
    -------
    DataFrame
        The columns of ``recovery`` that say what is judged, followed by ``verdict``, ``because``,
        ``standing`` and ``recommended``, see `rlrecovery.storage.schemas.VERDICTS`. One row per
        cell, and one over all true values (scope ``grid``); none for a parameter without truth,
        which the generating model does not have.
    """
    nominal_level = headline_level(recovery)
    measured, unflagged = _measured(recovery, nominal_level)
    described = [name for name in recovery if name not in SCORES or name in _KEYS]
    has_truth = recovery["measure"] == "rmse"
    table = recovery.loc[has_truth, described].drop_duplicates(_KEYS).reset_index(drop=True)
    keys: list[_Key] = list(table[_KEYS].itertuples(index=False, name=None))
    baselines = _grid_baselines(table, keys, measured)
    judged = []
    for key, baseline in zip(keys, baselines, strict=True):
        found = criteria(
            key[3], measured[key], unflagged.get(key, 0), limits, nominal_level, baseline
        )
        judged.append(verdict(found, measured[key]))
    table["verdict"], table["because"] = zip(*judged, strict=True) if judged else ((), ())
    table = table.merge(standings(recovery, comparison), how="left", on=_KEYS)
    table["standing"] = table["standing"].fillna("")
    return table.assign(recommended=_recommended(table))


def headline_level(recovery: pd.DataFrame) -> float:
    """Nominal level of the intervals that are judged: 0.95, or else the largest; NaN if none."""
    levels = recovery["interval"].dropna().unique()
    return 0.95 if 0.95 in levels else max(map(float, levels), default=np.nan)


def _measured(
    recovery: pd.DataFrame, nominal_level: float
) -> tuple[dict[_Key, dict[str, Score]], dict[_Key, int]]:
    """Measures of all rows, and numbers of rows with status ``ok``, by `_KEYS`."""
    table = recovery[recovery["interval"].isna() | (recovery["interval"] == nominal_level)]
    measured: dict[_Key, dict[str, Score]] = {}
    unflagged: dict[_Key, int] = {}
    columns = [*_KEYS, "rows", "measure", "value", "mcse", "n", "n_rows"]
    for *key, rows, measure, value, mcse, n, n_rows in table[columns].itertuples(
        index=False, name=None
    ):
        if rows == "all":
            score = Score(value, mcse, int(n), int(n_rows))
            measured.setdefault(tuple(key), {})[measure] = score
        elif measure == "mse":
            unflagged[tuple(key)] = int(n_rows)
    return measured, unflagged


def _grid_baselines(
    table: pd.DataFrame, keys: list[_Key], measured: dict[_Key, dict[str, Score]]
) -> list[float]:
    """RMSE of the baseline of the grid for each row; NaN for participants and without a grid."""
    of_design: dict[tuple[object, ...], float] = {}
    designs = list(table[_DESIGN].itertuples(index=False, name=None))
    for key, design in zip(keys, designs, strict=True):
        relative, rmse = measured[key].get("relative_rmse"), measured[key].get("rmse")
        is_of_groups = key[0] == "grid" and key[3] != "participant"
        if is_of_groups and relative is not None and rmse is not None and relative.value > 0:
            of_design[design] = rmse.value / relative.value
    return [of_design.get(design, np.nan) for design in designs]


def _recommended(table: pd.DataFrame) -> pd.Series:
    """Whether a method is recommended for its size, level and parameter.

    Of the methods that are not clearly worse than the best and have the best verdict among these,
    it is the one that the config lists first.
    """
    candidates = table[table["standing"].isin(["best", "similar"])]
    rank = candidates["verdict"].map({name: i for i, name in enumerate(_ORDER)})
    ordered = candidates.assign(rank=rank).sort_values("rank", kind="stable")
    first = ordered.drop_duplicates(SIZE)
    return pd.Series(table.index.isin(first.index), index=table.index)
