"""Tables of estimates and helpers that several tests of scores share."""

import numpy as np
import pandas as pd
import pytest
import settings

from rlrecovery.fitting.registry import Method
from rlrecovery.score.jackknife import Score
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import (
    ESTIMATE_DEFAULTS,
    TRUTH,
    estimates_columns,
    interval_columns,
)

#: Nominal levels of the intervals in `tables`.
LEVELS = (0.5, 0.95)
CORRELATIONS = {"pearson", "spearman", "concordance"}


def assert_score(score, value, mcse, n, n_rows):
    """Compare a score with hand-worked numbers."""
    assert score.value == pytest.approx(value, rel=1e-12)
    assert score.mcse == pytest.approx(mcse, rel=1e-12, nan_ok=True)
    assert (score.n, score.n_rows) == (n, n_rows)


def slow_jackknife(statistic, replicates, *columns) -> float:
    """Jackknife standard error by explicit loops."""
    left_out = []
    for one in sorted(set(replicates)):
        keep = [i for i, other in enumerate(replicates) if other != one]
        left_out.append(statistic(*[np.asarray(column)[keep] for column in columns]))
    n, centre = len(left_out), sum(left_out) / len(left_out)
    return ((n - 1) / n * sum((value - centre) ** 2 for value in left_out)) ** 0.5


def clustered(rng, replicates=40, participants=4, unequal=False):
    """Errors, SEs, truths and replicates; errors of a replicate correlate at 0.5."""
    replicate = np.repeat(np.arange(replicates), participants)
    shared = rng.standard_normal(replicates)[replicate]
    errors = 0.2 + np.sqrt(0.5) * (shared + rng.standard_normal(replicate.size))
    ses = np.exp(0.2 * shared + 0.3 * rng.standard_normal(replicate.size))
    truth = 1.2 * rng.standard_normal(replicate.size)
    keep = rng.random(replicate.size) < (0.6 + 0.3 * np.tanh(shared) if unequal else 2)
    return errors[keep], ses[keep], truth[keep], replicate[keep]


def ratios(studies) -> dict[str, float]:
    """Mean reported MCSE over the SD of the measure, over studies."""
    return {
        name: np.mean([study[name][1] for study in studies])
        / np.std([study[name][0] for study in studies], ddof=1)
        for name in studies[0]
    }


def tables(rows, truth=0.5, **defaults) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimates and truth from (replicate, participant, estimate) or dicts of columns."""
    base = {
        "level": "participant",
        "parameter": "alpha",
        "se": 0.1,
        "status": "ok",
        "reason": "",
        "at_bound": False,
        "converged": True,
        "grid_error": np.nan,
        "rhat": np.nan,
        "ess_bulk": np.nan,
        "ess_tail": np.nan,
        "divergences": np.nan,
        "choices": 30.0,
        "log_likelihood": -10.0,
        "log_evidence": np.nan,
        "elpd_loo": np.nan,
        "pareto_k": np.nan,
        "interval_note": "",
        "open_below": np.nan,
        "open_above": np.nan,
        "seconds": 0.5,
        "truth": truth,
    } | defaults
    full = []
    for row in rows:
        if not isinstance(row, dict):
            row = dict(zip(("replicate", "participant", "estimate"), row, strict=True))
        row = base | row
        for level in LEVELS:
            lower, upper = interval_columns(level)
            row = {lower: row["estimate"] - level, upper: row["estimate"] + level} | row
        full.append(row)
    table = pd.DataFrame(full)
    return (
        conform(table.drop(columns="truth"), estimates_columns(LEVELS)),
        conform(table[list(TRUTH)], TRUTH),
    )


def failed(replicate, participant=0, **more):
    """Columns of a failed row, for `tables`."""
    return {
        "replicate": replicate,
        "participant": participant,
        "estimate": np.nan,
        "se": np.nan,
        "status": "failed",
        "converged": False,
    } | more


def pick(table, measure, rows="all", interval=None, **keys):
    """The score in the only row of a table with these keys."""
    for name, value in ({"measure": measure, "rows": rows} | keys).items():
        table = table[table[name] == value]
    table = table[table["interval"].isna() if interval is None else table["interval"] == interval]
    assert len(table) == 1
    row = table.iloc[0]
    return Score(row["value"], row["mcse"], row["n"], row["n_rows"])


def fit_estimates(fits, names=("alpha", "beta"), level="participant", **columns):
    """Estimates of one model from (replicate, participant, columns of the fit)."""
    rows = [
        dict.fromkeys(estimates_columns(LEVELS), np.nan)
        | ESTIMATE_DEFAULTS
        | {"choices": 100.0}
        | columns
        | {"replicate": replicate, "participant": participant, "level": level, "parameter": name}
        | of_fit
        for replicate, participant, of_fit in fits
        for name in names
    ]
    columns = estimates_columns(LEVELS)
    return conform(pd.DataFrame(rows, columns=list(columns)), columns)


def with_scores(scores, column="log_evidence", **keywords):
    """Estimates of one model from scores of shape (replicates, participants)."""
    indexed = np.ndenumerate(np.asarray(scores, float))
    return fit_estimates([(r, p, {column: score}) for (r, p), score in indexed], **keywords)


MOCK = Method.of(settings.MOCK, "mock")
MLE = Method.of(settings.MLE)
EXACT = Method.of(settings.QUADRATURE)


def bayes_method(pooling="none", **changes):
    """A method that samples."""
    return Method.of(settings.bayes(pooling, **(settings.THOROUGH | changes)))


def exact_method(pooling="none", **changes):
    """A method without sampling, with the priors of `bayes_method`."""
    own = ("model", "priors", "engine", "point", "pooling")
    shared = {name: value for name, value in settings.bayes(pooling).items() if name in own}
    return Method.of(shared | {"estimator": "quadrature"} | changes)
