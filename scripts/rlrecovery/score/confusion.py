"""Model recovery over a study: confusion and inversion matrices with 95 % intervals.

The confusion matrix has the probability that each fitted model is selected for data from each
generating model, p(best fit | generating model). For real data the best fit is known, and the
quantity of interest is the inversion matrix, p(generating model | best fit) (Wilson & Collins 2019,
eLife 8:e49547).

- The numbers of wins among the units of one generating model are multinomial. The prior of the
  probabilities of K models is Dirichlet(1/K), as recommended by Berger, Bernardo & Sun (2015),
  Bayesian Analysis 10:189, where every probability is of interest; its total weight is one win.
  With the Jeffreys prior (half a win per model), a share near 1 could lie outside its own interval
  where there are many models and few units.
- Participants of a data set are treated as independent units, because the truth determines the
  population from which they are drawn. A hierarchical fit shares information between them: its
  intervals over participants are approximate, and too narrow where winners within a data set are
  correlated. Intervals over data sets are not affected.
- Where cells with different truths are pooled, each is weighted by its number of units. The
  interval is then slightly too wide, as for any sample whose strata are ignored.
- The inversion assumes that all generating models are equally probable a priori, regardless of
  their numbers of data sets. It is missing for a fitted model that never won (0/0), and for a whole
  matrix if a generating model has no units.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from rlrecovery.score.jackknife import Floats, ratio
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import SELECTION

#: Columns that are not pooled, by scope: a cell has one generating model, a design has all of them.
SCOPES = {"cell": ["design", "cell"], "design": ["design"], "all": []}

#: Total weight of the prior, in wins.
PRIOR_WINS = 1.0

#: Ends of a 95 % interval.
ENDS = (0.025, 0.975)

#: Number of draws; the Monte Carlo SE of the tail probability at an end of an interval is 0.001.
DRAWS = 20_000
#: Seed of the draws of every matrix, which does not depend on other contests, criteria and designs.
SEED = 20191126

_MATRIX = ["contest", "criterion", "unit"]


def selection_table(counted: pd.DataFrame) -> pd.DataFrame:
    """Compute confusion and inversion matrices with 95 % intervals.

    Parameters
    ----------
    counted : DataFrame
        Concatenated results of `rlrecovery.score.model_selection.cell_counts` for all cells.

    Returns
    -------
    DataFrame
        Columns `rlrecovery.storage.schemas.SELECTION`, one row per entry of a matrix. Scope
        ``cell`` has the row of the cell's generating model and no inversion, ``design`` the
        matrices of each design, ``all`` the matrices of all cells together; ``design`` and
        ``cell`` are empty where they are pooled. ``confusion`` is wins / n; its interval is the
        central 95 % of its posterior, a Beta distribution. The interval of ``inversion`` is
        computed from `DRAWS` posterior draws.

    Raises
    ------
    ValueError
        If a contest has different models in different cells.
    """
    if counted.empty:
        return conform((), SELECTION)
    numbers, matrices = ["wins", "n", "left_out", "doubtful", "stopped"], []
    for scope, kept in SCOPES.items():
        keys = [*_MATRIX, *kept, "simulated", "fitted"]
        pooled = counted.groupby(keys, sort=False, observed=True)[numbers].sum().reset_index()
        pooled[[name for name in SCOPES["cell"] if name not in kept]] = ""
        matrices.append(_with_inversion(_with_confusion(pooled.assign(scope=scope))))
    return conform(pd.concat(matrices, ignore_index=True), SELECTION)


def _with_confusion(table: pd.DataFrame) -> pd.DataFrame:
    """Add p(best fit | generating model) and its interval."""
    rows = table.groupby([*_MATRIX, "design", "cell", "simulated"], sort=False)
    others = (rows["fitted"].transform("size") - 1).to_numpy(dtype=float)
    wins, n = table["wins"].to_numpy(dtype=float), table["n"].to_numpy(dtype=float)
    posterior_wins = wins + PRIOR_WINS / (others + 1)
    posterior_rest = np.maximum(n - wins, 0) + PRIOR_WINS * others / (others + 1)
    ends = beta_quantiles(posterior_wins, posterior_rest)
    ends[:, n == 0] = np.nan
    return table.assign(confusion=ratio(wins, n), confusion_lower=ends[0], confusion_upper=ends[1])


def beta_quantiles(a: Floats, b: Floats) -> Floats:
    """Ends of the central 95 % of Beta distributions, shape (2, n); 1 where ``b`` is 0."""
    certain = b <= 0
    ends = special.betaincinv(a, np.where(certain, 1.0, b), np.asarray(ENDS)[:, None])
    return np.where(certain, 1.0, ends)


def _with_inversion(table: pd.DataFrame) -> pd.DataFrame:
    """Add p(generating model | best fit) and its interval; missing for scope ``cell``."""
    columns = ["inversion", "inversion_lower", "inversion_upper"]
    table = table.assign(**dict.fromkeys(columns, np.nan))
    matrices = table[table["scope"] != "cell"].groupby([*_MATRIX, "design"], sort=False)
    for (contest, *_), group in matrices:
        # Models are sorted by name, so the draws do not depend on their order in the config.
        wins = group.pivot_table(index="simulated", columns="fitted", values="wins")
        if wins.isna().to_numpy().any():
            raise ValueError(
                f"contest {contest}: the fitted models differ between cells; "
                "cells can be pooled only if the same models were fitted to all of them"
            )
        n = group.groupby("simulated")["n"].first().reindex(wins.index)
        inverted = inversion(wins.to_numpy(), n.to_numpy(), np.random.default_rng(SEED))
        row = wins.index.get_indexer(group["simulated"])
        column = wins.columns.get_indexer(group["fitted"])
        table.loc[group.index, columns] = inverted[:, row, column].T
    return table


def inversion(wins: Floats, n: Floats, rng: np.random.Generator) -> Floats:
    """Compute p(generating model | best fit), and the ends of its 95 % interval.

    ``wins`` has shape (generating models, fitted models) and ``n``, the numbers of compared units,
    shape (generating models,). The result has shape (3, generating models, fitted models).
    """
    value = _bayes_rule(ratio(wins, np.asarray(n)[:, None]))
    draws = rng.standard_gamma(
        (wins + PRIOR_WINS / wins.shape[1])[..., None], size=(*wins.shape, DRAWS)
    )
    draws /= draws.sum(axis=1, keepdims=True)
    ends = np.quantile(_bayes_rule(draws), ENDS, axis=-1)
    ends[:, np.isnan(value)] = np.nan
    return np.stack([value, *ends])


def _bayes_rule(probabilities: Floats) -> Floats:
    """Posterior probability of each row (first axis), with equal prior probabilities."""
    return ratio(probabilities, probabilities.sum(axis=0))
