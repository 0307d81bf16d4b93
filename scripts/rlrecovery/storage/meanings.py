"""Meaning of every column of the tables in `rlrecovery.storage.schemas`, for the documentation.

It is a module of its own because no job imports it: a changed sentence makes no file of a study
out of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rlrecovery.storage import schemas


class Column(NamedTuple):
    """Name of a column, its pandas type, and what it holds, with unit or values."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table on disk.

    Attributes
    ----------
    path : str
        Path within the folder of a run, or within ``results/`` for pilot data; ``.*`` stands for
        ``.csv`` and ``.parquet``.
    about : str
        What one row is.
    names : sequence or mapping of str
        Columns of `rlrecovery.storage.schemas`, in their order.
    own : dict of str
        Meanings that differ from those in `COMMON`.
    further : tuple of Column
        Columns whose names or number depend on the study, with where they stand.
    """

    path: str
    about: str
    names: Sequence[str] | Mapping[str, str]
    own: Mapping[str, str] = field(default_factory=dict)
    further: tuple[Column, ...] = ()

    def columns(self) -> Iterator[Column]:
        """Columns with their types and meanings, followed by those that depend on the study."""
        kinds = KINDS | (dict(self.names) if isinstance(self.names, Mapping) else {})
        for name in self.names:
            yield Column(name, kinds[name], self.own.get(name) or COMMON[name])
        yield from self.further


#: Types of the columns of tables that `rlrecovery.storage.schemas` lists without types.
KINDS: dict[str, str] = {
    **schemas.TRIALS,
    **schemas.ESTIMATES,
    **schemas.MEASURES,
    **schemas.COMPARED,
    **schemas.SELECTION,
    **schemas.ADVISED,
    **schemas.CALIBRATION,
    **schemas.UNIFORMITY,
    **schemas.RETEST_BATCH,
    **schemas.EFFECTS,
    **schemas.DETECTABLE,
    "truth": "float64",
    "participants": "int64",
    "trials": "int64",
    "replicates": "int64",
    "chain": "int64",
    "draw": "int64",
    "recommended": "bool",
    **dict.fromkeys(("variant", "model", "verdict", "because", "standing"), "str"),
}

#: Columns that mean the same in every table.
COMMON: dict[str, str] = {
    "scope": "`cell` for one cell; `grid` for correlations and means over all cells of one size, "
    "which `cell` then names.",
    "method": "Name of the method, as in the config.",
    "cell": "Key of the cell, as in `design.csv`.",
    "design": "Key that the cells of the same design share.",
    "replicate": "Number of the data set in its cell, from 0.",
    "participant": "Number of the participant in the data set, from 0; -1 in rows about a whole "
    "data set.",
    "participants": "Number of participants per data set.",
    "trials": "Number of trials per participant, over all blocks.",
    "variant": "Label of the other varying factors: task, missing responses, shares of the trials "
    "that are completed, generating model. Often empty.",
    "model": "Name of the generating model.",
    "level": "`participant` (the value of one participant), `group` (location of the population, "
    "on the natural scale) or `spread` (SD of the population, on the unconstrained scale).",
    "parameter": "Name of a parameter of the model. Values are on its natural scale unless "
    "`level` is `spread`.",
    "truth": "True value, in the unit of `parameter` and `level`.",
    "rows": "Estimates that are used: `all`, or `ok` (those with that status).",
    "measure": "Name of the measure.",
    "interval": "Nominal level of the interval that is measured, such as 0.95; missing for other "
    "measures.",
    "value": "Value of the measure.",
    "mcse": "Monte Carlo standard error of `value`; missing where it cannot be estimated.",
    "n": "Number of replicates (data sets) behind the value.",
    "n_rows": "Number of estimates behind the value.",
    "estimate": "Point estimate, natural scale (unconstrained scale at level `spread`); missing if "
    "the fit failed.",
    "se": "Standard error of the estimate: Wald's, by the delta method, or the posterior SD.",
    "status": "One of `ok`, `at_bound` (the estimate is at a bound of its parameter), "
    "`not_converged` (a convergence criterion was not met), `no_interval` (no standard error and "
    "no interval), `not_identified` (the interval covers all values that the parameter can have) "
    "and `failed` (no estimate). A status belongs to one row: other parameters of the same fit may "
    "be `ok`.",
    "reason": "Explanation of the status, in words; empty for `ok`.",
    "reference": "Method with which `method` is compared, on the same data.",
    "contest": "Method, as in the config, that is fitted with several competing models.",
    "simulated": "Generating model.",
    "fitted": "Fitted model.",
    "choice": "Chosen arm, from 0; -1 without a response.",
    "reward": "Reward of the chosen arm; missing without a response.",
    "block": "Block, from 0.",
    "trial": "Trial, from 0; it goes on through all blocks.",
}

_ENDS = Column(
    "lower_95, upper_95, ...",
    "float64",
    "Ends of the interval of each nominal level in `interval_levels`, natural scale; missing "
    "without an interval.",
)
_WIDEST = _ENDS._replace(
    meaning="Ends of the widest interval of `interval_levels`; they stand before `status` in the "
    "summary."
)
_TRUTHS = Column(
    "alpha, beta, ...",
    "float64",
    "One column per parameter with a grid of true values, named as the parameter, after `cell`; "
    "missing where the cell's truth is drawn from a distribution.",
)
_VARIANT = Column("variant", "str", COMMON["variant"])

_COUNTS = {
    "criterion": "`AIC`, `BIC`, `LOO` or `evidence`.",
    "unit": "`participant` or `data set`.",
    "wins": "Number of units for which the fitted model is the best; models that tie share a win.",
    "n": "Number of units that were compared.",
    "left_out": "Number of units without a score of some model, which are not compared.",
    "doubtful": "Of the n units, those with an unreliable score (a Pareto k above 0.7).",
    "stopped": "Of the n units, those with a fit that did not converge.",
}
_WITNESS = {
    "sampled": "Method that samples the posterior.",
    "exact": "Method that computes the same posterior by quadrature.",
    "data_sets": "Number of data sets that both methods fitted.",
    "posteriors": "Number of posteriors in these data sets.",
    "rms_z": "Root mean square of the differences between posterior means, in Monte Carlo standard "
    "errors of the sampler; about 1 is expected.",
    "rms_error": "Root mean square of the numerical errors that the exact method reports, in the "
    "same unit.",
    "largest_difference": "Largest difference between posterior means, in posterior SDs.",
    "sd_ratio": "Mean of sampled over exact posterior SD; 1 is expected.",
}
_REQUIRED = {
    "requirement": "Name of the requirement in `targets`; `all` for all together.",
    "method": "Name of the method, as the report shows it.",
}
_FAILURES = {"rows": "Number of estimates with this status and reason."}
_PAIRED = {
    "measure": "`bias_difference`, `mse_difference`, `rmse_ratio` or `relative_precision`.",
}

_ENDS_95 = {
    "lower_95": "Lower end of the 95 % interval.",
    "upper_95": "Upper end of the 95 % interval.",
}

_PLACES = {
    "participant": "Index of the participant that is compared, one per data set; -1 for the "
    "quantities of all of them.",
    "level": "`participant`, `group`, `spread`, or `data set` for the log-likelihood.",
    "parameter": "Parameter, or `log_likelihood`: of all choices of the data set, given all "
    "parameters of its participants.",
    "truth": "True value, drawn from the prior: natural scale, at level `spread` unconstrained "
    "scale; for the log-likelihood its value at the true parameters.",
    "replicate": "Number of the data set in the calibration of its method, from 0.",
    "z": "(posterior mean - truth) / posterior SD, unconstrained scale.",
    "sd": "Posterior SD, unconstrained scale.",
    "pit": "Posterior probability of values below the truth; of draws a randomised relative rank. "
    "Missing if the fit failed.",
    "seconds": "Wall time of the fit and the comparison of the data set, in seconds.",
}
_UNIFORMITY = {
    "level": _PLACES["level"],
    "parameter": "Parameter, or `log_likelihood`.",
    "data_sets": "Number of data sets.",
    "failed": "Number of data sets without a PIT value, because the fit failed.",
    "flagged": "Number of data sets with a PIT value whose fit is flagged (`status` is not `ok`).",
    "n": "Number of PIT values.",
    "p": "p-value of the hypothesis that the PIT values are uniform (ArviZ, `pot_c`).",
    "p_holm": "The p-value adjusted for the number of quantities of the method, by Holm's method.",
    "inside": "Whether the distribution function of the PIT values stays within its simultaneous "
    "95 % band.",
    "n_unflagged": "Number of PIT values of fits without a flag.",
    "p_unflagged": "As `p`, of fits without a flag.",
    "p_holm_unflagged": "As `p_holm`, of fits without a flag.",
}

_EFFECT = {
    "kind": "`group`, `condition` or `covariate`.",
    "effect": "Name of the group or condition that differs from the first one; `covariate`.",
    "parameter": "Parameter that the effect is about.",
    "analysis": "`t_test`, `rank_test`, the same with `_by_group` for estimates of a hierarchical "
    "method that is fitted to each group and condition separately, `joint`, or `disattenuated`.",
}
_ANALYSED = _EFFECT | {
    "cell": "Key of the cell, without the effects; empty where cells are pooled.",
    "other_effects": "Other effects that are not 0 in the data; empty if all are 0.",
    "size": "True effect: a difference on the unconstrained scale, or a correlation.",
    "natural": "The difference on the natural scale that `size` makes at the location of the "
    "population; missing for correlations.",
}

#: Tables on disk by name.
TABLES: dict[str, Table] = {
    "design": Table(
        "design.csv",
        "One row per cell.",
        ("cell", "participants", "trials", "replicates"),
        {"replicates": "Number of data sets of the cell."},
        (
            _TRUTHS,
            Column(
                "model, task, missing, completed",
                "str",
                "Other factors, after `trials`; each only if it varies in the study.",
            ),
        ),
    ),
    "trials": Table(
        "trials/<cell>/<batch>.parquet",
        "One row per participant and trial: what estimators read.",
        schemas.TRIALS,
        further=(
            Column(
                "reward_0, reward_1, ...",
                "float64",
                "With full feedback only: the outcome of every arm.",
            ),
        ),
    ),
    "truth": Table(
        "truth/<cell>/<batch>.parquet",
        "One row per true value. Estimators do not read it.",
        schemas.TRUTH,
    ),
    "estimates": Table(
        "estimates/<method>/<cell>/<batch>.parquet",
        "One row per estimate: point, intervals, diagnostics and status.",
        schemas.ESTIMATES,
        {
            "at_bound": "Whether the estimate is at a bound, or is a mean of estimates of which "
            "one is. A flag beside `status`, because one row can have both problems.",
            "converged": "Whether all convergence criteria were met.",
            "interval_note": "What is special about the profile (`mle` with `interval: profile`), "
            "joined by `+`; empty if nothing is. `flat`: the profile does not fall from the "
            "estimate to a value one step of the grid away. `other_at_bound`: another parameter is "
            "at a bound, at the estimate or at an end of an interval. `several_valleys`: the "
            "values within an interval are not connected; it reaches from the first to the last. "
            "`higher_maximum`: the profile is higher than the maximum that the searches found, and "
            "the interval belongs to the higher one. With `interval: bootstrap`: `one_value`, the "
            "estimates from all simulated data sets are equal, and the interval has no width; "
            "`refits_stopped`, some of their searches stopped before the gradient vanished.",
            "open_below": "Lowest nominal level whose interval is open below, and all higher ones "
            "are: the lower end is the bound, because the profile does not fall far enough within "
            "the bounds, or the bootstrap estimate at the end is there. Missing if none is (`mle` "
            "with `interval: profile` or `bootstrap`).",
            "open_above": "The same for the upper end.",
            "rhat": "R-hat of the draws (`bayes`).",
            "ess_bulk": "Effective sample size of the draws, bulk (`bayes`).",
            "ess_tail": "Effective sample size of the draws, tails (`bayes`).",
            "divergences": "Number of divergent transitions (`bayes`).",
            "choices": "Number of responses that were fitted.",
            "log_likelihood": "Log-likelihood at its maximum (`mle`).",
            "log_evidence": "Logarithm of the marginal likelihood (`quadrature`). With partial "
            "pooling it belongs to the data of all participants, and is in the rows of levels "
            "`group` and `spread`.",
            "elpd_loo": "Expected log predictive density by leave-one-out cross-validation, with "
            "`loo: true`.",
            "pareto_k": "Largest Pareto k of the choices behind `elpd_loo` (`bayes`).",
            "grid_error": "Largest difference between two grids, in posterior SDs (`quadrature`); "
            "with partial pooling the error of the finer grid, estimated from it.",
            "seconds": "Wall time of the fit that gave the row, in seconds.",
        },
        (_ENDS,),
    ),
    "places": Table(
        "calibration/<method>/<batch>.parquet",
        "One row per data set with true values from the prior of a method, and quantity.",
        schemas.CALIBRATION_BATCH,
        _PLACES,
    ),
    "effects": Table(
        "effects/<method>/<cell>/<batch>.parquet",
        "One row per data set with groups, conditions or a covariate, effect and analysis.",
        schemas.EFFECT_BATCH,
        _EFFECT
        | {
            "truth": "True effect: a difference on the unconstrained scale, or a correlation.",
            "estimate": "Estimated effect, on the scale of the truth; missing if it failed.",
            "se": "Standard error, or posterior SD; missing for rank tests of a difference.",
            "lower": "Lower end of the interval with the nominal level of 1 - `significance`; "
            "missing where a rank test has too few participants for it.",
            "upper": "Upper end of that interval.",
            "p": "Two-sided p-value; of a joint analysis twice the posterior probability of the "
            "sign that is less probable.",
            "log_bayes_factor": "Natural logarithm of the Bayes factor for the effect against its "
            "absence; missing unless the analysis is `joint`.",
            "seconds": "Wall time of the fits and the test in seconds; tests of the same estimates "
            "share their fits.",
        },
    ),
    "retest": Table(
        "retest/<method>/<cell>/<batch>.parquet",
        "One row per data set and parameter: agreement of two sessions of the same participants.",
        schemas.RETEST_BATCH,
        {
            "icc": "Intraclass correlation of the estimates of both sessions, ICC(3,1), "
            "unconstrained scale. The first session is that in the first condition.",
            "retest_correlation": "Their Pearson correlation.",
            "truth_correlation": "Pearson correlation of the estimates of the first session with "
            "the true values: the largest correlation that a covariate can show.",
            "participants_used": "Number of participants with estimates of both sessions.",
        },
    ),
    "measures": Table(
        "scores/<design>/measures.parquet",
        "One row per measure, in the cells of one design.",
        schemas.MEASURES,
    ),
    "paired": Table(
        "scores/<design>/paired.parquet",
        "One row per pair of methods, cell, level, parameter and measure.",
        schemas.COMPARED,
        _PAIRED,
    ),
    "scores/points": Table(
        "scores/<design>/points.parquet",
        "Estimates of the first data sets of each cell, for scatter plots.",
        schemas.SCATTER,
        further=(_WIDEST,),
    ),
    "scores/failures": Table(
        "scores/<design>/failures.parquet",
        "One row per status other than `ok`, and reason.",
        schemas.FAILURES,
        _FAILURES,
    ),
    "wins": Table(
        "scores/<design>/wins.parquet",
        "How often each model wins: one row per contest, criterion, unit, cell and fitted model.",
        schemas.COUNTS,
        _COUNTS,
    ),
    "scores/witness": Table(
        "scores/<design>/witness.parquet",
        "Sampled compared with exact posteriors: one row per pair of methods, cell, level and "
        "parameter.",
        schemas.SAMPLER_CHECK,
        _WITNESS,
    ),
    "recovery": Table(
        "summary/recovery.*",
        "All measures with their Monte Carlo standard errors, one per row.",
        schemas.RECOVERY,
        further=(_TRUTHS,),
    ),
    "verdicts": Table(
        "summary/verdicts.*",
        "Whether a parameter is recovered: one row per method, level and parameter, for every "
        "cell and over all true values.",
        schemas.VERDICTS,
        {
            "verdict": "`yes`, `partly`, `no`, `undecided` (not certain within the Monte Carlo "
            "error) or `not asked` (no different true values at this level).",
            "because": "Criteria that decide, separated by commas.",
            "standing": "Over all true values, among the methods of one design: `best`, `similar` "
            "(not clearly worse), `worse` or `fewer` (other methods fit more data sets).",
            "recommended": "Whether the method is recommended for its design, level and parameter.",
        },
        (_TRUTHS,),
    ),
    "points": Table(
        "summary/points.*",
        "Truth, estimate and interval of some data sets, for scatter plots; fewer in a large "
        "study.",
        schemas.POINTS,
        further=(_TRUTHS, _VARIANT, _WIDEST),
    ),
    "failures": Table(
        "summary/failures.*",
        "Numbers of flagged and failed estimates: one row per status other than `ok`, and reason.",
        schemas.FAILURES,
        _FAILURES,
        (_VARIANT,),
    ),
    "comparison": Table(
        "summary/comparison.*",
        "Each method compared with those before it in the config, on the same data.",
        schemas.COMPARISON,
        _PAIRED,
        (_TRUTHS, _VARIANT),
    ),
    "priors": Table(
        "summary/priors.*",
        "Prior SD of each parameter of a Bayesian method, where its prior is one distribution.",
        schemas.PRIORS,
        {
            "sd": "Prior SD on the natural scale; with partial pooling, of the population's "
            "location."
        },
    ),
    "calibration": Table(
        "summary/calibration.*",
        "Where posteriors have true values that are drawn from the prior: one row per method, data "
        "set and quantity.",
        schemas.CALIBRATION,
        _PLACES
        | {
            "contraction": "1 - posterior variance / prior variance, unconstrained scale; missing "
            "for the log-likelihood."
        },
    ),
    "uniformity": Table(
        "summary/uniformity.*",
        "Tests of the PIT values in `summary/calibration`: one row per method and quantity.",
        schemas.UNIFORMITY,
        _UNIFORMITY,
    ),
    "summary/effects": Table(
        "summary/effects.*",
        "Measures of the analyses of effects: one row per measure, analysis, effect and cell.",
        schemas.EFFECTS,
        _ANALYSED
        | {
            "measure": "`bias`, `empirical_se`, `rmse`, `coverage` and `width` (of intervals with "
            "the nominal level of 1 - `significance`); `power` or, where `size` is 0, `type_1`: "
            "the share of data sets in which the effect was found; `type_s`: the share of wrong "
            "signs among those; `type_m`: the mean size of the estimate among those, in units of "
            "the true size; `bf_for` and `bf_against`: the share of Bayes factors above 10 and "
            "below 1/10; `share_failed`, `share_flagged`.",
            "significance": "Significance level of the tests.",
            "n": "Number of data sets that the value rests on.",
            "n_rows": "Number of rows that it rests on.",
        },
        (_TRUTHS,),
    ),
    "detectable": Table(
        "summary/detectable.*",
        "The size of an effect that is found with a given power: one row per analysis and effect, "
        "for each cell and pooled over cells.",
        schemas.DETECTABLE,
        _ANALYSED
        | {
            "power": "Probability with which the effect is found.",
            "size": "Size of the effect, with the sign of the sizes in the config; missing if it "
            "cannot be determined.",
            "lower": "End of its 95 % interval that is closer to 0; 0 if any smaller size is "
            "possible.",
            "upper": "End of its 95 % interval that is further from 0; infinite (of a correlation "
            "1) if any larger size is possible.",
            "note": "Why there is no size, that it is beyond the simulated sizes, or that the "
            "fitted curve does not describe the power well; else empty.",
        },
        (_TRUTHS,),
    ),
    "reliability": Table(
        "summary/reliability.*",
        "Agreement of two sessions of participants without effects, means over data sets: one row "
        "per measure, method, parameter and cell.",
        schemas.RELIABILITY,
        {
            "measure": "`icc`, `retest_correlation` and `truth_correlation`, see the table "
            "`retest`; `participants_factor`: 1 / ICC, how many times as many participants a "
            "correlation needs as with a perfect measurement; `share_failed`.",
            "n": "Number of data sets that the value rests on.",
            "n_rows": "Number of rows that it rests on.",
        },
        (_TRUTHS,),
    ),
    "witness": Table(
        "summary/witness.*",
        "Sampled compared with exact posteriors: one row per pair of methods, cell, level and "
        "parameter.",
        schemas.SAMPLER_CHECK,
        _WITNESS,
    ),
    "crossed": Table(
        "summary/crossed.*",
        "Measures of all fits of competing models, right or wrong.",
        schemas.CROSSED,
        further=(_TRUTHS,),
    ),
    "selection": Table(
        "summary/selection.*",
        "Confusion and inversion matrices: one row per entry.",
        schemas.SELECTION,
        {
            "scope": "`cell`, `design` (the cells of one design) or `all`.",
            "cell": "Key of the cell; empty where cells are pooled.",
            "design": "Key of the design; empty where designs are pooled.",
            **_COUNTS,
            "confusion": "p(best fit | simulated), the share of wins.",
            "confusion_lower": "Lower end of its 95 % interval.",
            "confusion_upper": "Upper end of its 95 % interval.",
            "inversion": "p(simulated | best fit), if all generating models are equally probable "
            "beforehand; missing for scope `cell`.",
            "inversion_lower": "Lower end of its 95 % interval.",
            "inversion_upper": "Upper end of its 95 % interval.",
        },
    ),
    "frontier": Table(
        "summary/frontier.csv",
        "Required sizes: one row per requirement, method and number on the other axis.",
        schemas.FRONTIER,
        _REQUIRED
        | {
            "along": "Axis of the answer, `trials` or `participants`: that column has the required "
            "size, the other one is given.",
            "participants": "Number of participants per data set; infinite if none within the "
            "bounds is enough.",
            "trials": "Number of trials per participant; infinite if none within the bounds is "
            "enough. The smallest number that was searched stands for all below it.",
            "lower": "Lower end of the 90 % interval of the required size.",
            "upper": "Upper end of the 90 % interval of the required size.",
        },
    ),
    "surface": Table(
        "summary/surface.csv",
        "Predictions: one row per requirement, method and design that was searched.",
        schemas.SURFACE,
        _REQUIRED
        | {
            "value": "Predicted measure; of several measures the one that is closest to its limit, "
            "or furthest beyond. Missing for all requirements together.",
            "met": "Probability that the measure meets its limit, given the Monte Carlo error; of "
            "several measures the smallest.",
            "possible": "Distance from the beginning of the 90 % interval, in standard errors; "
            "negative where the requirement is certainly missed.",
            "certain": "Distance from the end of the 90 % interval, in standard errors; positive "
            "where the requirement is certainly met.",
        },
    ),
    "advised": Table(
        "summary/advised.csv",
        "Measured designs, and the cheapest one: one row per requirement, method and design.",
        schemas.ADVISED,
        _REQUIRED
        | {
            "kind": "`measured` or `cheapest`.",
            "verdict": "`met`, `unclear` (within the Monte Carlo error) or `missed`; empty for the "
            "cheapest design.",
            "value": "Measured value; of several the one that is closest to its limit, or furthest "
            "beyond. Missing for all requirements together, and for the cheapest design.",
            "limit": "Limit of the requirement.",
            "cost": "Cost of the cheapest design.",
            "lower": "Lower end of the 90 % interval of the smallest cost.",
            "upper": "Upper end of the 90 % interval of the smallest cost.",
        },
    ),
    "predictive": Table(
        "summary/predictive.csv",
        "One data set compared with predictions: one row per statistic (and bin of trials), kind "
        "of draws and way.",
        schemas.PREDICTIVE,
        {
            "of": "`prior` or `posterior`: distribution of the parameters.",
            "way": "`forward` (whole data sets are simulated) or `one_step` (each choice is "
            "predicted from the observed trials before it).",
            "statistic": "`learning` (share of responses to the best arm) or `first_arm` (to arm "
            "0, if the best is unknown), `win_stay`, `lose_shift`, `side_0`, `side_1`, ...",
            "trial": "Centre of the bin, counted from 1 within a block; missing for statistics "
            "without bins.",
            "observed": "Statistic of the data set, a share.",
            "mean": "Mean of the draws.",
            "lower_50": "Lower end of the 50 % interval of the draws.",
            "upper_50": "Upper end of the 50 % interval of the draws.",
            "lower_95": "Lower end of the 95 % interval of the draws.",
            "upper_95": "Upper end of the 95 % interval of the draws.",
            "p": "Share of draws above `observed`, plus half of the draws equal to it.",
        },
    ),
    "example_participant": Table(
        "summary/example_participant.csv",
        "One row per trial of the example participant.",
        schemas.PARTICIPANT,
        further=(
            Column(
                "value_0, value_1, ...",
                "float64",
                "First hidden state of the model before the trial, per arm, if it has one.",
            ),
            Column(
                "probability_0, probability_1, ...",
                "float64",
                "Probability of choosing each arm.",
            ),
            Column("mean_0, mean_1, ...", "float64", "Mean reward of each arm."),
        ),
    ),
    "example_posterior": Table(
        "summary/example_posterior.csv",
        "One row per draw of the example participant's posterior; no rows where no method samples.",
        schemas.POSTERIOR,
        {"chain": "Chain, from 0.", "draw": "Draw within the chain, from 0."},
        (Column("alpha, beta, ...", "float64", "Value of each parameter, natural scale."),),
    ),
    "pilot_participants": Table(
        "pilot-<file>/participants.csv",
        "Estimates of the participants of pilot data by `make pilot`, in a folder of its own: one "
        "row per participant and parameter.",
        schemas.PILOT_PARTICIPANTS,
        {
            "participant": "Name of the participant in the file.",
            "responses": "Number of trials with a response.",
            "estimate": "Posterior mean in the hierarchical model, natural scale.",
            **_ENDS_95,
            "unpooled_estimate": "Posterior mean from the participant's own data alone, with the "
            "prior of the model.",
            "unpooled_lower_95": "Lower end of its 95 % interval.",
            "unpooled_upper_95": "Upper end of its 95 % interval.",
            "contraction": "1 - posterior variance / prior variance of a new participant, on the "
            "unconstrained scale.",
        },
    ),
    "pilot_population": Table(
        "pilot-<file>/population.csv",
        "What pilot data say about the population: one row per location and SD.",
        schemas.PILOT_POPULATION,
        {
            "level": "`group` (location, natural scale) or `spread` (SD, unconstrained scale).",
            "estimate": "Posterior mean, or median if the method says so.",
            "sd": "Posterior SD.",
            **_ENDS_95,
            "contraction": "1 - posterior variance / prior variance, on the unconstrained scale.",
        },
    ),
    "posterior_sbc": Table(
        "pilot-<file>/posterior_sbc.csv",
        "Posterior SBC: one row per simulated data set and quantity.",
        schemas.POSTERIOR_SBC,
        {
            "data_set": "Number of the data set, from 0.",
            "level": "`group` (location), `spread` (SD) or `participant` (the first new one).",
            "truth": "Value that the data set was simulated with, unconstrained scale.",
            "pit": "Posterior probability of values below it, given the pilot data and the data "
            "set.",
        },
    ),
}
