"""Columns of all tables that a study writes, in the order of the columns on disk.

Each table is a dictionary from column name to pandas type, or a tuple of column names where more
columns stand between them. ``results/README.md`` lists the files that hold these tables.

`rlrecovery.storage.meanings` says what each column means. Every table may have columns whose names
depend on the study: ends of intervals (`estimates_columns`), and truth columns, one per parameter
with a grid of true values, named as the parameter, which follow ``cell``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

NAN: Final = float("nan")

#: Columns of any table with names that the config gives, or of parameters.
NAMES = (
    *("method", "reference", "sampled", "exact", "cell", "design", "model", "task", "variant"),
    *("contest", "simulated", "fitted", "winner", "parameter", "requirement", "effect"),
)

# --- one batch ----------------------------------------------------------------------------------

#: ``trials/<cell>/<batch>.parquet``: one row per participant and trial. With full feedback the
#: columns ``reward_0``, ``reward_1``, ... follow.
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
    *("open_below", "open_above"),
    *("rhat", "ess_bulk", "ess_tail", "divergences", "choices", "log_likelihood"),
    *("log_evidence", "elpd_loo", "pareto_k", "grid_error", "seconds"),
)

#: ``estimates/<method>/<cell>/<batch>.parquet``: one row per estimate. The ends of the intervals
#: follow as further columns, see `estimates_columns`.
ESTIMATES = {
    **{name: TRUTH[name] for name in ESTIMATE_KEYS},
    "estimate": "float64",
    "se": "float64",
    "status": "str",
    "reason": "str",
    "at_bound": "bool",
    "converged": "bool",
    "interval_note": "str",
    **dict.fromkeys(_DIAGNOSTICS, "float64"),
}

#: Default values of the columns of `ESTIMATES` that a fitter may omit.
ESTIMATE_DEFAULTS: dict[str, Any] = {
    "status": "ok",
    "reason": "",
    "at_bound": False,
    "converged": True,
    "interval_note": "",
    **dict.fromkeys(_DIAGNOSTICS, NAN),
}

#: Values of ``status``. Only ``failed`` means that there is no estimate.
STATUSES = ("ok", "at_bound", "not_converged", "no_interval", "not_identified", "failed")

#: ``calibration/<method>/<batch>.parquet``: where the posterior of one data set has its truth, one
#: row per quantity, see `rlrecovery.calibration.batch`.
CALIBRATION_BATCH = {
    **{name: TRUTH[name] for name in ("replicate", "participant", "level", "parameter", "truth")},
    **dict.fromkeys(("z", "sd", "pit"), "float64"),
    "status": "str",
    "reason": "str",
    "seconds": "float64",
}

#: ``effects/<method>/<cell>/<batch>.parquet``: effects that were estimated and tested, one row per
#: data set, effect and analysis, see `rlrecovery.effects.batch`.
EFFECT_BATCH = {
    "replicate": "int64",
    **dict.fromkeys(("kind", "effect", "parameter", "analysis"), "str"),
    **dict.fromkeys(("truth", "estimate", "se", "lower", "upper", "p"), "float64"),
    "log_bayes_factor": "float64",
    "status": "str",
    "reason": "str",
    "seconds": "float64",
}

#: ``retest/<method>/<cell>/<batch>.parquet``: agreement of participants' estimates with those of a
#: second session and with the truth, one row per data set and parameter; no rows where there is no
#: second session.
RETEST_BATCH = {
    "replicate": "int64",
    "parameter": "str",
    **dict.fromkeys(("icc", "retest_correlation", "truth_correlation"), "float64"),
    "participants_used": "int64",
    "status": "str",
    "reason": "str",
}

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

#: ``scores/<design>/measures.parquet``: measures in all cells of the design.
MEASURES = {"scope": "str", "method": "str", "cell": "str", **SCORES}

#: Methods compared in one cell (not on disk): one row per pair of methods, level, parameter and
#: measure, see `rlrecovery.score.paired`.
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
#: ``ok``) and reason. ``variant`` follows in the summary.
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
#: (``contest``), criterion, unit and fitted model.
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
#: row per pair of methods, cell, level and parameter, see `rlrecovery.score.sampler_check`.
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

#: ``summary/recovery``: one row per measure, as in `MEASURES`. Truth columns follow ``cell``.
RECOVERY = ("scope", "method", "cell", "participants", "trials", "variant", "model", *SCORES)

#: ``summary/verdicts``: whether a parameter is recovered, one row per method, level and parameter,
#: for every cell and over all true values, see `rlrecovery.score.verdicts`. Truth columns follow
#: ``cell``.
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

#: ``summary/priors``: prior SDs, see `rlrecovery.score.prior_width`.
PRIORS = {"method": "str", "level": "str", "parameter": "str", "sd": "float64"}

#: ``summary/crossed``: the columns of `RECOVERY`, followed by these; measures of all fits of
#: competing models, right or wrong.
CROSSED = (*RECOVERY, "contest", "simulated", "fitted", "design")

#: ``summary/selection``: the rows of `COUNTS`, pooled over cells according to ``scope``, with two
#: probabilities and their 95 % intervals, see `rlrecovery.score.confusion`.
SELECTION = {"scope": "str", **COUNTS} | {
    f"{kind}{end}": "float64"
    for kind in ("confusion", "inversion")
    for end in ("", "_lower", "_upper")
}

#: ``summary/calibration``: the rows of all methods, see `rlrecovery.calibration.summary`.
CALIBRATION = {"method": "str", **CALIBRATION_BATCH, "contraction": "float64"}

#: ``summary/uniformity``: whether PIT values are uniform, one row per method and quantity.
UNIFORMITY = {
    **dict.fromkeys(("method", "level", "parameter"), "str"),
    **dict.fromkeys(("data_sets", "failed", "flagged", "n"), "int64"),
    **dict.fromkeys(("p", "p_holm"), "float64"),
    "inside": "bool",
    "n_unflagged": "int64",
    **dict.fromkeys(("p_unflagged", "p_holm_unflagged"), "float64"),
}

#: Tables of a calibration over the prior in ``summary/``, each as CSV and as Parquet.
CALIBRATED = ("calibration", "uniformity")

#: Columns that identify an analysis of an effect in a cell. ``cell`` is without effects, and truth
#: columns follow it; ``other_effects`` says which other effects are not 0.
_ANALYSED = {
    **dict.fromkeys(("method", "cell"), "str"),
    **dict.fromkeys(("participants", "trials"), "int64"),
    **dict.fromkeys(("variant", "other_effects", "kind", "effect", "parameter", "analysis"), "str"),
}

#: ``summary/effects``: one row per measure of an analysis of an effect, see
#: `rlrecovery.score.effects.measures`. ``size`` is the true effect, and ``natural`` the difference
#: on the natural scale that it makes at the population's location; missing for correlations.
EFFECTS = {
    **_ANALYSED,
    **dict.fromkeys(("size", "natural", "significance"), "float64"),
    "measure": "str",
    **_VALUE,
}

#: ``summary/detectable``: the size of an effect that is found with a probability of ``power``, see
#: `rlrecovery.score.effects.detectable`, and its 95 % interval. Truth columns follow ``cell``,
#: which is empty where cells are pooled.
DETECTABLE = {
    **_ANALYSED,
    **dict.fromkeys(("power", "size", "lower", "upper", "natural"), "float64"),
    "note": "str",
}

#: ``summary/reliability``: one row per measure of the agreement of two sessions of the same
#: participants, and of estimates with the truth. Truth columns follow ``cell``.
RELIABILITY = {
    **dict.fromkeys(("method", "cell"), "str"),
    **dict.fromkeys(("participants", "trials"), "int64"),
    **dict.fromkeys(("variant", "parameter", "measure"), "str"),
    **_VALUE,
}

#: Tables of effects in ``summary/``, each as CSV and as Parquet.
ANALYSED = ("effects", "detectable", "reliability")

# --- beside the summary -------------------------------------------------------------------------

#: Columns of all tables of required designs.
_REQUIRED = {"requirement": "str", "method": "str"}

#: ``summary/frontier.csv``, in a study with requirements: required sizes, one row per number on the
#: other axis. ``along`` is the axis of the answer, ``trials`` or ``participants``, whose column has
#: the required size; ``lower`` and ``upper`` are its 90 % interval, infinite beyond the bounds.
FRONTIER = _REQUIRED | {
    "along": "str",
    **dict.fromkeys(("participants", "trials", "lower", "upper"), "float64"),
}

#: ``summary/surface.csv``: the designs that were searched. ``value`` is the predicted measure, of
#: several the one that is closest to its limit or furthest beyond; missing for all requirements
#: together. ``met`` is the probability that the requirement is met; ``possible`` is negative where
#: it is certainly missed and ``certain`` is positive where it is certainly met.
SURFACE = _REQUIRED | dict.fromkeys(
    ("participants", "trials", "value", "met", "possible", "certain"), "float64"
)

#: ``summary/advised.csv``: measured designs (``kind`` is ``measured``), and the cheapest one
#: (``cheapest``). ``limit`` is that of the requirement, missing for all together.
ADVISED = _REQUIRED | {
    "kind": "str",
    "participants": "int64",
    "trials": "int64",
    "verdict": "str",
    **dict.fromkeys(("value", "mcse", "limit", "cost", "lower", "upper"), "float64"),
}

#: ``summary/predictive``: one row per statistic (and bin of trials), kind of draws (``of``) and
#: ``way``, see `rlrecovery.predictive.check`.
PREDICTIVE = dict.fromkeys(("of", "way", "statistic"), "str") | dict.fromkeys(
    ("trial", "observed", "mean", "lower_50", "upper_50", "lower_95", "upper_95", "p"), "float64"
)

#: ``summary/example_participant.csv``: one row per trial of the example participant. Columns with a
#: number per arm follow: ``value_0``, ..., ``probability_0``, ... and ``mean_0``, ...
PARTICIPANT = ("block", "trial", "choice", "reward")

#: ``summary/example_posterior.csv``: one row per draw of the example participant's posterior, with
#: a column per parameter after these. No rows where no method samples.
POSTERIOR = ("chain", "draw")


# --- pilot data -----------------------------------------------------------------------------------

#: ``results/pilot-<file>/participants.csv``: one row per participant and parameter of pilot data.
PILOT_PARTICIPANTS = {
    "participant": "str",
    "parameter": "str",
    "responses": "int64",
    **dict.fromkeys(("estimate", "lower_95", "upper_95"), "float64"),
    "status": "str",
    **dict.fromkeys(
        ("unpooled_estimate", "unpooled_lower_95", "unpooled_upper_95", "contraction"), "float64"
    ),
}

#: ``results/pilot-<file>/population.csv``: one row per location and SD of the population.
PILOT_POPULATION = {
    "level": "str",
    "parameter": "str",
    **dict.fromkeys(("estimate", "sd", "lower_95", "upper_95"), "float64"),
    "status": "str",
    "contraction": "float64",
}

#: ``results/pilot-<file>/posterior_sbc.csv``: one row per data set and quantity of posterior SBC.
POSTERIOR_SBC = {
    "data_set": "int64",
    "level": "str",
    "parameter": "str",
    "truth": "float64",
    "pit": "float64",
}


def interval_columns(level: float) -> tuple[str, str]:
    """Columns with the ends of an interval: ``("lower_95", "upper_95")`` for the level 0.95."""
    percent = f"{100 * level:.10g}"
    return f"lower_{percent}", f"upper_{percent}"


def estimates_columns(levels: Sequence[float]) -> dict[str, str]:
    """Columns and types of a table of estimates with intervals at these nominal levels."""
    ends = [name for level in levels for name in interval_columns(level)]
    return ESTIMATES | dict.fromkeys(ends, "float64")
