"""Columns of all tables that a study writes, in the order of the columns on disk.

Each table is a dictionary from column name to pandas type, or a tuple of column names where more
columns stand between them. ``results/README.md`` lists the files that hold these tables.

Columns that mean the same in every table:

``cell``
    Key of the cell, as in ``design.csv``.
``replicate``, ``participant``
    Number of the data set in its cell and of the participant in the data set, both from 0.
    ``participant`` is -1 in rows about a whole data set.
``level``
    ``participant`` (one participant's value), ``group`` (location of the population, on the
    natural scale) or ``spread`` (SD of the population, on the unconstrained scale).
``parameter``
    Name of a model parameter. Values are on its natural scale unless ``level`` is ``spread``.
``method``, ``participants``, ``trials``
    Name of the method, and the size of the design.
Truth columns
    One column per parameter with a grid of true values, named as the parameter. They follow
    ``cell``; a value is missing where the cell's truth is drawn from a distribution.
``variant``
    Label of the other varying factors (task, missing responses, model); often empty.
``mcse``
    Monte Carlo standard error of ``value``.
``n``, ``n_rows``
    Number of replicates (data sets) and of estimates behind a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

NAN: Final = float("nan")

# --- one batch ----------------------------------------------------------------------------------

#: ``trials/<cell>/<batch>.parquet``: one row per participant and trial. ``block`` and ``trial``
#: count from 0, and ``trial`` goes on through all blocks. ``choice`` is the chosen arm, or -1
#: without a response; ``reward`` is then missing. With full feedback the columns ``reward_0``,
#: ``reward_1``, ... follow: the outcome of every arm.
TRIALS = {
    "replicate": "int64",
    "participant": "int64",
    "block": "int64",
    "trial": "int64",
    "choice": "int64",
    "reward": "float64",
}

#: ``truth/<cell>/<batch>.parquet``: one row per true value.
TRUTH = {
    "replicate": "int64",
    "participant": "int64",
    "level": "str",
    "parameter": "str",
    "truth": "float64",
}

#: Columns that identify an estimate within a method and cell, and the truth that belongs to it.
ESTIMATE_KEYS = list(TRUTH)[:4]

#: The last columns of `ESTIMATES`, which may be omitted.
_DIAGNOSTICS = (
    *("rhat", "ess_bulk", "ess_tail", "divergences", "choices", "log_likelihood"),
    *("log_evidence", "elpd_loo", "pareto_k", "grid_error", "seconds"),
)

#: ``estimates/<method>/<cell>/<batch>.parquet``: one row per estimate. The ends of the intervals
#: follow as further columns, see `estimates_columns`.
#:
#: - ``estimate``, ``se``: the point estimate, and its Wald standard error (delta method) or
#:   posterior SD.
#: - ``status``: one of `STATUSES`; ``reason`` explains it.
#: - ``at_bound``, ``converged``: separate flags, because one row can have both problems.
#: - ``rhat``, ``ess_bulk``, ``ess_tail``, ``divergences``: sampling diagnostics (``bayes``).
#: - ``choices``: number of responses that were fitted.
#: - ``log_likelihood``: at the maximum (``mle``).
#: - ``log_evidence``: logarithm of the marginal likelihood (``quadrature``). With partial pooling
#:   it belongs to the data of all participants, and is in the rows of levels group and spread.
#: - ``elpd_loo``, ``pareto_k``: expected log predictive density by leave-one-out
#:   cross-validation (``loo: true``), and the largest Pareto k of its choices (``bayes``).
#: - ``grid_error``: largest difference between two grids, in posterior SDs (``quadrature``); with
#:   partial pooling the error of the finer grid, estimated from it.
#: - ``seconds``: wall time of the fit that gave the row.
ESTIMATES = {
    **{name: TRUTH[name] for name in ESTIMATE_KEYS},
    "estimate": "float64",
    "se": "float64",
    "status": "str",
    "reason": "str",
    "at_bound": "bool",
    "converged": "bool",
    **dict.fromkeys(_DIAGNOSTICS, "float64"),
}

#: Default values of the columns of `ESTIMATES` that a fitter may omit.
ESTIMATE_DEFAULTS: dict[str, Any] = {
    "status": "ok",
    "reason": "",
    "at_bound": False,
    "converged": True,
    **dict.fromkeys(_DIAGNOSTICS, NAN),
}

#: Values of ``status``. Only ``failed`` means that there is no estimate. A status belongs to one
#: row: other parameters of the same fit may be ``ok``.
#:
#: - ``at_bound``: the estimate is at a bound of its parameter.
#: - ``not_converged``: a convergence criterion was not met.
#: - ``no_interval``: there is no standard error and no interval.
#: - ``not_identified``: the interval covers all values that the parameter can have.
STATUSES = ("ok", "at_bound", "not_converged", "no_interval", "not_identified", "failed")

# --- one design ---------------------------------------------------------------------------------

_VALUE = {"value": "float64", "mcse": "float64", "n": "int64", "n_rows": "int64"}

#: Measures of one method in one cell (not on disk): one row per measure, see
#: `rlrecovery.score.measures`. ``rows`` says which estimates are used: ``all``, or ``ok`` (those
#: with that status). ``interval`` is the nominal level of the interval that is measured, missing
#: for other measures.
SCORES = {
    "level": "str",
    "parameter": "str",
    "rows": "str",
    "measure": "str",
    "interval": "float64",
    **_VALUE,
}

#: ``scores/<design>/measures.parquet``: measures in all cells of the design. ``scope`` is ``cell``,
#: or ``grid`` for correlations and means over all cells of one size, which ``cell`` then names.
MEASURES = {"scope": "str", "method": "str", "cell": "str", **SCORES}

#: Methods compared in one cell (not on disk): one row per pair of methods, level, parameter and
#: measure, see `rlrecovery.score.paired`. ``method`` is compared with ``reference`` on the same
#: data.
PAIRED = {
    "method": "str",
    "reference": "str",
    "level": "str",
    "parameter": "str",
    "measure": "str",
    **_VALUE,
}

#: ``scores/<design>/paired.parquet``: comparisons in all cells of the design.
COMPARED = {"cell": "str", **PAIRED}

#: ``scores/<design>/points.parquet``: estimates of the first data sets of each cell, for scatter
#: plots. The ends of the widest interval follow.
SCATTER = {
    "method": "str",
    "cell": "str",
    **{name: TRUTH[name] for name in ESTIMATE_KEYS},
    **dict.fromkeys(("truth", "estimate", "se"), "float64"),
    "status": "str",
}

#: ``scores/<design>/failures.parquet`` and ``summary/failures``: one row per status (other than
#: ``ok``) and reason, with the number of estimates (``rows``) that have it. ``variant`` follows in
#: the summary.
FAILURES = {
    "method": "str",
    "cell": "str",
    "level": "str",
    "status": "str",
    "reason": "str",
    "rows": "int64",
}

#: Scores of one fitted model (not on disk): one row per participant and criterion; participant -1
#: is a fit to a whole data set. The highest ``score`` is the best; it is missing where the fit
#: failed. ``pareto_k`` is the largest of the fit, and missing for criteria without importance
#: sampling. ``stopped`` is true where the fit did not converge.
CRITERIA = {
    "replicate": "int64",
    "participant": "int64",
    "criterion": "str",
    "score": "float64",
    "pareto_k": "float64",
    "stopped": "bool",
}

#: Best model per unit and criterion (not on disk): one row, or one per model where models tie.
#: ``unit`` is ``participant`` or ``data set``. ``winner`` is the fitted model, and missing where
#: the unit is excluded; ``share`` is 1 divided by the number of tied models. ``pareto_k`` is the
#: largest of the unit's fits, and ``stopped`` is true if any of them did not converge.
WINNERS = {
    "unit": "str",
    "replicate": "int64",
    "participant": "int64",
    "criterion": "str",
    "winner": "str",
    "share": "float64",
    "pareto_k": "float64",
    "stopped": "bool",
}

#: ``scores/<design>/wins.parquet``: how often each model wins in a cell, one row per competition
#: (``contest``), criterion, unit and fitted model. ``design`` is the key that cells of the same
#: design share; ``simulated`` is the generating model and ``fitted`` the fitted one. ``n`` units
#: were compared and ``left_out`` were not; of the n, ``doubtful`` ones have an unreliable score and
#: ``stopped`` ones a fit that did not converge.
COUNTS = {
    "contest": "str",
    "criterion": "str",
    "unit": "str",
    "design": "str",
    "cell": "str",
    "simulated": "str",
    "fitted": "str",
    "wins": "float64",
    "n": "int64",
    "left_out": "int64",
    "doubtful": "int64",
    "stopped": "int64",
}

#: ``scores/<design>/witness.parquet`` and ``summary/witness``: NUTS compared with quadrature, one
#: row per pair of methods, cell, level and parameter. ``sampled`` and ``exact`` are the methods;
#: both have ``posteriors`` posteriors in ``data_sets`` data sets. ``rms_z`` is the root mean square
#: of the differences between posterior means in Monte Carlo standard errors of the sampler, and
#: ``rms_error`` that of the numerical errors which the exact method reports, in the same units;
#: ``largest_difference`` is in posterior SDs; ``sd_ratio`` is the mean of sampled over exact
#: posterior SD.
SAMPLER_CHECK = {
    "sampled": "str",
    "exact": "str",
    "cell": "str",
    "level": "str",
    "parameter": "str",
    "data_sets": "int64",
    "posteriors": "int64",
    "rms_z": "float64",
    "rms_error": "float64",
    "largest_difference": "float64",
    "sd_ratio": "float64",
}

#: Tables in ``scores/<design>/``.
SCORED = ("measures", "points", "failures", "paired", "wins", "witness")

# --- the summary of a study ---------------------------------------------------------------------

#: Tables in ``summary/``, each as CSV and as Parquet. The example, the posterior and
#: ``predictive.csv`` are written beside them by jobs of their own.
SUMMARY = (
    *("recovery", "verdicts", "points", "failures", "comparison"),
    *("priors", "witness", "crossed", "selection"),
)

#: ``summary/recovery``: one row per measure, as in `MEASURES`. Truth columns follow ``cell``;
#: ``model`` is the generating model.
RECOVERY = ("scope", "method", "cell", "participants", "trials", "variant", "model", *SCORES)

#: ``summary/verdicts``: whether a parameter is recovered, one row per method, level and parameter,
#: for every cell and over all true values (``scope``), see `rlrecovery.score.verdicts`. Truth
#: columns follow ``cell``. ``because`` names the criteria that decide, separated by commas. Rows
#: over all true values also compare the methods of one design: ``standing`` is ``best``,
#: ``similar`` (not clearly worse), ``worse`` or ``fewer`` (other methods fit more data sets), and
#: ``recommended`` marks one of them.
VERDICTS = (
    *("scope", "method", "cell", "participants", "trials", "variant", "model", "level"),
    *("parameter", "verdict", "because", "standing", "recommended"),
)

#: ``summary/points``: the rows of `SCATTER`, fewer in a large study. Truth columns follow ``cell``,
#: ``variant`` follows ``trials``, and the ends of the widest interval stand before ``status``.
POINTS = (
    *("method", "cell", "participants", "trials", "replicate", "participant", "level"),
    *("parameter", "truth", "estimate", "se", "status"),
)

#: ``summary/comparison``: the columns of `PAIRED`, after ``cell``, truth columns,
#: ``participants``, ``trials`` and ``variant``.
COMPARISON = ("cell", "participants", "trials", *PAIRED)

#: ``summary/priors``: prior SD of each parameter of a Bayesian method, where its prior is one
#: distribution on the natural scale.
PRIORS = {"method": "str", "level": "str", "parameter": "str", "sd": "float64"}

#: ``summary/crossed``: the columns of `RECOVERY`, followed by these; measures of all fits of
#: competing models, right or wrong. The last four columns are as in `COUNTS`.
CROSSED = (*RECOVERY, "contest", "simulated", "fitted", "design")

#: ``summary/selection``: the rows of `COUNTS`, pooled over cells according to ``scope``, with two
#: probabilities and their 95 % intervals: ``confusion`` is p(best fit | simulated) and
#: ``inversion`` is p(simulated | best fit). See `rlrecovery.score.confusion`.
SELECTION = {"scope": "str", **COUNTS} | {
    f"{kind}{end}": "float64"
    for kind in ("confusion", "inversion")
    for end in ("", "_lower", "_upper")
}

# --- beside the summary -------------------------------------------------------------------------

#: ``summary/predictive``: one row per statistic (and bin of trials), kind of draws (``of``:
#: ``prior`` or ``posterior``) and ``way`` (``forward``: whole data sets are simulated;
#: ``one_step``: each choice is predicted from the observed trials before it). ``trial`` is the
#: centre of the bin, counted from 1 within a block, and missing for statistics without bins.
#: ``mean`` and the intervals describe the draws; ``p`` is the share of draws above ``observed``,
#: plus half of the draws equal to it.
PREDICTIVE = dict.fromkeys(("of", "way", "statistic"), "str") | dict.fromkeys(
    ("trial", "observed", "mean", "lower_50", "upper_50", "lower_95", "upper_95", "p"), "float64"
)

#: ``summary/example_participant.csv``: one row per trial of the example participant. These columns
#: follow, each with a number per arm: ``value_0``, ... (first hidden state of the model, if it has
#: one), ``probability_0``, ... (of choosing the arm) and ``mean_0``, ... (mean reward of the arm).
PARTICIPANT = ("block", "trial", "choice", "reward")

#: ``summary/example_posterior.csv``: one row per draw of the example participant's posterior, with
#: a column per parameter after these. No rows where no method samples.
POSTERIOR = ("chain", "draw")


def interval_columns(level: float) -> tuple[str, str]:
    """Columns with the ends of an interval: ``("lower_95", "upper_95")`` for the level 0.95."""
    percent = f"{100 * level:.10g}"
    return f"lower_{percent}", f"upper_{percent}"


def estimates_columns(levels: Sequence[float]) -> dict[str, str]:
    """Columns and types of a table of estimates with intervals at these nominal levels."""
    ends = [name for level in levels for name in interval_columns(level)]
    return ESTIMATES | dict.fromkeys(ends, "float64")
