"""Model selection in one cell: the best-fitting of several models for each unit.

A contest is the fits of one method with several competing models to the same data; a criterion is
the score by which they are compared. `rlrecovery.score.confusion` computes the matrices of a study
from the wins.

- The model with the highest score wins; scores are therefore minus the information criteria
  AIC = 2 k - 2 log L (Akaike 1974, IEEE Transactions on Automatic Control 19:716) and
  BIC = k log n - 2 log L (Schwarz 1978, Annals of Statistics 6:461), where L is the maximum of the
  likelihood, k the number of parameters and n the number of choices. LOO is the expected log
  predictive density of left-out choices (Vehtari, Gelman & Gabry 2017, Statistics and Computing
  27:1413). Evidence is the log of the marginal likelihood.
- Units are participants, and also whole data sets: the score of a data set is the sum of the scores
  of its participants, which selects one model for all of them. A unit is excluded (and counted) if
  at least one model has no score, because a comparison of the other models would favour them.
- A fit to all participants together has one score per data set by some criteria: a model with
  complete pooling by all of them, a hierarchical model by its evidence, which is the marginal
  likelihood of the data of all participants. By such a criterion only data sets are compared.
- LOO is estimated by importance sampling, which is unreliable if the shape k of the Pareto
  distribution of the largest weights exceeds 0.7 for a choice (Vehtari et al. 2024, Journal of
  Machine Learning Research 25:72). Such units are compared and counted, as are units with a fit
  that did not converge.
- Models with exactly the same score share a win equally.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import COUNTS, CRITERIA, WINNERS

#: Above this Pareto k of a choice, a score by importance sampling is unreliable.
LARGEST_K = 0.7

_UNIT = ["replicate", "participant"]
_KEYS = [*_UNIT, "criterion"]

#: Columns of the estimates from which criteria are computed; the same on all rows of a fit.
_FIT_COLUMNS = ("choices", "log_likelihood", "elpd_loo", "pareto_k", "log_evidence")


def criteria(estimates: pd.DataFrame) -> pd.DataFrame:
    """Compute the scores of one fitted model by every available criterion, columns `CRITERIA`.

    A criterion is computed from the rows of participants or, if these have no score, from those of
    whole data sets (levels ``group`` and ``spread``). The score is NaN if a row of the fit failed.
    """
    is_participant = estimates["level"] == "participant"
    scores: dict[str, pd.DataFrame] = {}
    for rows in (estimates[is_participant], estimates[~is_participant]):
        fits = _fits(rows)
        for name, score in _scores(fits).items():
            if name not in scores and score.notna().any():
                scores[name] = fits.assign(
                    criterion=name,
                    score=score.mask(fits["failed"]),
                    pareto_k=fits["pareto_k"] if name == "LOO" else np.nan,
                ).reset_index()[list(CRITERIA)]
    return conform(pd.concat(scores.values(), ignore_index=True) if scores else (), CRITERIA)


def _fits(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the rows of each participant, or of each data set."""
    rows = rows.assign(failed=rows["status"] == "failed", stopped=rows["status"] == "not_converged")
    fits = rows.groupby(_UNIT).agg(
        k=("parameter", "nunique"),
        failed=("failed", "any"),
        stopped=("stopped", "any"),
        **{name: (name, "first") for name in _FIT_COLUMNS},
    )
    return fits.assign(pareto_k=fits["pareto_k"].mask(fits["failed"]))


def _scores(fits: pd.DataFrame) -> dict[str, pd.Series]:
    """Scores by criterion, one row per fit; higher is better."""
    deviance, k = -2 * fits["log_likelihood"], fits["k"]
    # BIC is not defined for a fit without choices.
    choices = fits["choices"].where(fits["choices"] > 0)
    return {
        "AIC": -(2 * k + deviance),
        "BIC": -(k * np.log(choices) + deviance),
        "LOO": fits["elpd_loo"],
        "evidence": fits["log_evidence"],
    }


def winners(scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Select the best model of every participant and data set of a cell, columns `WINNERS`.

    ``scores`` are the results of `criteria` by name of the fitted model. By each criterion there
    are units ``participant`` if every model has a score for single participants, and units ``data
    set`` if there are several participants or a model has a score for all of them together. Models
    that tie have one row each and equal shares; a unit with a missing or infinite score has one row
    without a winner.
    """
    by_model = {model: table.set_index(_KEYS)["score"] for model, table in scores.items()}
    wide = pd.DataFrame(by_model, dtype="float64")
    if wide.empty:
        return conform((), WINNERS)
    keys = wide.index.to_frame(index=False)
    by_criterion = keys.groupby("criterion")["participant"]
    lowest, highest = (by_criterion.transform(name).to_numpy() for name in ("min", "max"))
    participants, data_sets = wide[lowest >= 0], wide[(lowest < 0) | (highest > lowest)]
    units = []
    if len(participants):
        units.append(_best(participants).assign(unit="participant"))
    if len(data_sets):
        units.append(_best(_data_set_scores(data_sets)).assign(unit="data set"))
    fits = pd.concat(scores.values())
    of_data_sets = fits[fits["participant"] >= 0].assign(participant=-1)
    worst_fit = pd.concat([fits, of_data_sets]).groupby(_KEYS)[["pareto_k", "stopped"]].max()
    return conform(pd.concat(units, ignore_index=True).join(worst_fit, on=_KEYS), WINNERS)


def _data_set_scores(wide: pd.DataFrame) -> pd.DataFrame:
    """Scores of whole data sets, summed over participants where a model was fitted to each."""
    is_participant = wide.index.get_level_values("participant") >= 0
    participants, data_sets = wide[is_participant], wide[~is_participant]
    keys = ["replicate", "criterion"]
    sums = participants.groupby(keys).sum(skipna=False)
    totals = sums.combine_first(data_sets.groupby(keys).first())[list(participants.columns)]
    return totals.reset_index().assign(participant=-1).set_index(_KEYS)


def _best(wide: pd.DataFrame) -> pd.DataFrame:
    """Winner and share of the win for each row of ``wide``, which has one column per model."""
    scores = wide.to_numpy(dtype=float)
    complete = np.isfinite(scores).all(axis=1)
    is_best = complete[:, None] & (scores == scores.max(axis=1, keepdims=True))
    unit, model = np.nonzero(is_best)
    left_out = np.flatnonzero(~complete)
    won = wide.index.to_frame(index=False).iloc[np.concatenate([unit, left_out])]
    won = won.assign(
        winner=[*wide.columns[model], *[np.nan] * left_out.size],
        share=np.concatenate([1 / is_best.sum(axis=1)[unit], np.zeros(left_out.size)]),
    )
    return won.sort_values(_KEYS, kind="stable", ignore_index=True)


def counts(won: pd.DataFrame, fitted: Sequence[str]) -> Iterator[dict[str, object]]:
    """Count the wins of every fitted model, from the `winners` of one contest and cell.

    Yields rows of `COUNTS`, without the columns that identify the contest and the cell.
    """
    for (criterion, unit), group in won.groupby(["criterion", "unit"], sort=False):
        compared = group[group["winner"].notna()]
        shares = compared.groupby("winner")["share"].sum()
        units = compared.drop_duplicates(_UNIT)
        for model in fitted:
            yield {
                "criterion": criterion,
                "unit": unit,
                "fitted": model,
                "wins": shares.get(model, 0.0),
                "n": len(units),
                "left_out": len(group) - len(compared),
                "doubtful": (units["pareto_k"] > LARGEST_K).sum(),
                "stopped": units["stopped"].sum(),
            }


def cell_counts(
    contests: Mapping[str, Mapping[str, pd.DataFrame]], cell: str, design: str, simulated: str
) -> pd.DataFrame:
    """Count the wins in one cell, for every contest: columns `COUNTS`.

    ``contests`` has the estimates in this cell by contest and fitted model. The cells of all
    generating models (``simulated``) share the key ``design``.
    """
    rows = []
    for contest, estimates in contests.items():
        won = winners({model: criteria(table) for model, table in estimates.items()})
        keys = {"contest": contest, "design": design, "cell": cell, "simulated": simulated}
        rows += [{**keys, **row} for row in counts(won, list(estimates))]
    return conform(rows, COUNTS)
