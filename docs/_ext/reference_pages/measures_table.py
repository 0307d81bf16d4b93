"""Measures with their formulas, as equations and as Python expressions.

A test evaluates every expression and compares it with the function that computes the measure. Names
in expressions are those of the page's notation.
"""

from __future__ import annotations

from dataclasses import dataclass

MORRIS = "Morris, White & Crowther (2019), Statistics in Medicine 38:2074"


@dataclass(frozen=True)
class Measure:
    r"""A measure.

    Attributes
    ----------
    meaning : str
        What it is, in words.
    latex : str
        Equation of its value.
    python : str
        The same as an expression; empty if the value is a column of the estimates.
    bounds : str
        Range of the value.
    good : str
        Which values are good.
    mcse, mcse_python : str
        Monte Carlo standard error where each data set has one row, as an equation and as an
        expression; empty if it is the jackknife in all cases or, with `no_mcse`, not given.
    source : str
        Source, if it is not Morris et al.
    no_mcse : bool
        Whether there is no Monte Carlo standard error.
    """

    meaning: str
    latex: str = ""
    python: str = ""
    bounds: str = "any number"
    good: str = ""
    mcse: str = ""
    mcse_python: str = ""
    source: str = ""
    no_mcse: bool = False


_MEAN_MCSE = r"\frac{\mathrm{SD}(%s)}{\sqrt{n}}"
_SHARE_MCSE = r"\sqrt{\frac{p\,(1 - p)}{n}}"


def _share(meaning: str, latex: str, python: str, good: str) -> Measure:
    """A proportion of rows."""
    mcse = f"np.sqrt(np.mean({python}) * (1 - np.mean({python})) / n)"
    return Measure(meaning, latex, f"np.mean({python})", "0 to 1", good, _SHARE_MCSE, mcse)


#: Errors, of the rows that have an estimate.
ERRORS = {
    "bias": Measure(
        "mean error",
        r"\frac{1}{n}\sum_i e_i",
        "errors.mean()",
        good="0",
        mcse=_MEAN_MCSE % "e",
        mcse_python="errors.std(ddof=1) / np.sqrt(n)",
    ),
    "median_bias": Measure(
        "median error, which a few extreme estimates do not affect",
        r"\mathrm{median}(e)",
        "np.median(errors)",
        good="0",
        mcse=r"\frac{q(1/2 + z\,s) - q(1/2 - z\,s)}{2\,z}",
        mcse_python="np.diff(np.quantile(errors, [0.5 - z * s, 0.5 + z * s], method='hazen'))[0]"
        " / (2 * z)",
        source="Woodruff (1952), Journal of the American Statistical Association 47:635; $q$ are "
        "quantiles of the errors, $z$ is 1.96, and $s$ the standard error of the share of errors "
        "below the median",
    ),
    "empirical_se": Measure(
        "SD of the errors: how much estimates vary between repetitions",
        r"\sqrt{\frac{1}{n - 1}\sum_i (e_i - \bar{e})^2}",
        "errors.std(ddof=1)",
        "0 or more",
        "small",
        r"\frac{\mathrm{EmpSE}}{\sqrt{2\,(n - 1)}}",
        "errors.std(ddof=1) / np.sqrt(2 * (n - 1))",
    ),
    "mse": Measure(
        "mean squared error",
        r"\frac{1}{n}\sum_i e_i^2",
        "np.mean(errors**2)",
        "0 or more",
        "small",
        _MEAN_MCSE % "e^2",
        "np.std(errors**2, ddof=1) / np.sqrt(n)",
    ),
    "rmse": Measure(
        "root mean squared error, in the unit of the parameter",
        r"\sqrt{\mathrm{MSE}}",
        "np.sqrt(np.mean(errors**2))",
        "0 or more",
        "small; `relative_rmse` says in comparison to what",
        r"\frac{\mathrm{SD}(e^2)}{2\,\sqrt{n}\,\mathrm{RMSE}}",
        "np.std(errors**2, ddof=1) / np.sqrt(n) / (2 * np.sqrt(np.mean(errors**2)))",
        source="delta method, from the MCSE of the mean squared error",
    ),
    "model_se": Measure(
        "root mean square of the reported standard errors or posterior SDs",
        r"\sqrt{\frac{1}{n}\sum_i \mathrm{SE}_i^2}",
        "np.sqrt(np.mean(ses**2))",
        "0 or more",
        "the empirical SE",
        r"\sqrt{\frac{\mathrm{Var}(\mathrm{SE}^2)}{4\,n\,\mathrm{ModSE}^2}}",
        "np.sqrt(np.var(ses**2, ddof=1) / (4 * n * np.mean(ses**2)))",
    ),
    "relative_error_model_se": Measure(
        "relative error of the model SE; positive if reported standard errors are too large",
        r"\frac{\mathrm{ModSE}}{\mathrm{EmpSE}} - 1",
        "np.sqrt(np.mean(ses**2)) / errors.std(ddof=1) - 1",
        "-1 or more",
        "0, for standard errors of maximum likelihood. A posterior SD need not be equal to the "
        "empirical SE",
        r"\frac{\mathrm{ModSE}}{\mathrm{EmpSE}}\sqrt{\frac{\mathrm{Var}(\mathrm{SE}^2)}"
        r"{4\,n\,\mathrm{ModSE}^4} + \frac{1}{2\,(n - 1)}}",
        "np.sqrt(np.mean(ses**2)) / errors.std(ddof=1) * np.sqrt("
        "np.var(ses**2, ddof=1) / (4 * n * np.mean(ses**2) ** 2) + 1 / (2 * (n - 1)))",
    ),
}

#: Intervals, of the rows that have one, at every nominal level (column `interval`).
INTERVALS = {
    "coverage": _share(
        "proportion of intervals that contain the true value",
        r"\frac{1}{n}\sum_i [l_i \leq x_i \leq u_i]",
        "(lower <= truth) & (truth <= upper)",
        "the nominal level, or more. At a fixed truth the coverage of a posterior need not be "
        "nominal",
    ),
    "truth_below": _share(
        "proportion of true values below their interval",
        r"\frac{1}{n}\sum_i [x_i < l_i]",
        "truth < lower",
        "(1 - nominal level) / 2",
    ),
    "truth_above": _share(
        "proportion of true values above their interval",
        r"\frac{1}{n}\sum_i [x_i > u_i]",
        "truth > upper",
        "(1 - nominal level) / 2",
    ),
    "bias_eliminated_coverage": _share(
        "proportion of intervals that contain the true value plus the bias: whether undercoverage "
        "is due to bias",
        r"\frac{1}{n}\sum_i [l_i \leq x_i + \bar{e} \leq u_i]",
        "(lower <= truth + errors.mean()) & (truth + errors.mean() <= upper)",
        "the nominal level",
    ),
    "width": Measure(
        "mean width of the intervals",
        r"\frac{1}{n}\sum_i (u_i - l_i)",
        "np.mean(upper - lower)",
        "0 or more; infinite if an interval has an infinite end",
        "small, at nominal coverage",
        _MEAN_MCSE % "u - l",
        "np.std(upper - lower, ddof=1) / np.sqrt(n)",
    ),
}

_LIN = "Lin (1989), Biometrics 45:255"

#: True values and estimates of all rows, where the truth varies.
AGREEMENT = {
    "pearson": Measure(
        "Pearson's correlation of true values and estimates",
        r"\frac{s_{xy}}{s_x\,s_y}",
        "np.corrcoef(grid_truth, grid_estimate)[0, 1]",
        "-1 to 1",
        "1. Over a grid of true values it mostly says that values far apart are distinguished",
    ),
    "spearman": Measure(
        "Spearman's rank correlation of true values and estimates",
        r"\mathrm{cor}(\mathrm{rank}(x), \mathrm{rank}(y))",
        "np.corrcoef(rankdata(grid_truth), rankdata(grid_estimate))[0, 1]",
        "-1 to 1",
        "1",
    ),
    "concordance": Measure(
        "Lin's concordance correlation coefficient: 1 only if every estimate equals its truth",
        r"\frac{2\,s_{xy}}{s_x^2 + s_y^2 + (\bar{x} - \bar{y})^2}",
        "2 * np.cov(grid_truth, grid_estimate, ddof=0)[0, 1] / (grid_truth.var() + "
        "grid_estimate.var() + (grid_truth.mean() - grid_estimate.mean()) ** 2)",
        "-1 to 1",
        "1",
        source=_LIN,
    ),
}

#: Participants within data sets; `relative_rmse` also of groups, over all true values.
INDIVIDUAL = {
    "spearman_within": Measure(
        "rank correlation of the participants of a data set, averaged over data sets; 0 in a data "
        "set whose estimates are all equal",
        r"\frac{1}{n}\sum_r \mathrm{cor}(\mathrm{rank}(x_r), \mathrm{rank}(y_r))",
        "np.mean([np.corrcoef(rankdata(a), rankdata(b))[0, 1] for a, b in data_sets])",
        "-1 to 1",
        "1. It is lower with few participants, also if the estimates are the same",
        source="Hoeffding (1948), Annals of Mathematical Statistics 19:293, on the number of "
        "participants",
    ),
    "concordance_within": Measure(
        "Lin's concordance within data sets: lowered by bias, and by estimates whose differences "
        "are too large or too small",
        r"\frac{2\,S_{xy}}{S_{xx} + S_{yy} + D}",
        "2 * S(0, 1) / (S(0, 0) + S(1, 1) + np.mean([(a.mean() - b.mean()) ** 2 "
        "for a, b in data_sets]))",
        "-1 to 1",
        "1",
        source=_LIN,
    ),
    "reliability": Measure(
        "squared correlation within data sets: the proportion of the variance of estimates that is "
        "true variance",
        r"\frac{S_{xy}^2}{S_{xx}\,S_{yy}}",
        "S(0, 1) ** 2 / (S(0, 0) * S(1, 1))",
        "0 to 1",
        "1",
        source="Lord & Novick (1968), Statistical Theories of Mental Test Scores, section 3.4",
    ),
    "relative_rmse": Measure(
        "RMSE divided by the RMSE of a guess that ignores the data: the SD of the true values; "
        "over the grid, for participants, the mean of this ratio over the cells",
        r"\sqrt{\frac{\sum_i e_i^2}{\sum_i (x_i - \bar{x})^2}}",
        "np.sqrt(np.mean((grid_estimate - grid_truth) ** 2)) / grid_truth.std()",
        "0 or more",
        "below 1; at 1 or above, guessing is as good or better",
    ),
}

#: Flags and diagnostics of all rows.
DIAGNOSTICS = {
    "share_failed": _share(
        "proportion of fits without an estimate", r"\frac{1}{n}\sum_i f_i", "failed", "0"
    ),
    "share_at_bound": _share(
        "proportion of estimates at a bound", r"\frac{1}{n}\sum_i b_i", "at_bound", "0"
    ),
    "share_not_converged": _share(
        "proportion of fits that missed a criterion of convergence",
        r"\frac{1}{n}\sum_i (1 - c_i)",
        "~converged",
        "0",
    ),
    "share_no_interval": _share(
        "proportion of estimates whose status is `no_interval` or `not_identified`",
        r"\frac{1}{n}\sum_i v_i",
        "no_interval",
        "0",
    ),
    "seconds": Measure(
        "mean wall time of a fit, in seconds",
        r"\frac{1}{n}\sum_i t_i",
        "seconds.mean()",
        "0 or more",
        mcse=_MEAN_MCSE % "t",
        mcse_python="seconds.std(ddof=1) / np.sqrt(n)",
    ),
    "max_rhat": Measure(
        "largest R-hat of the draws",
        r"\max_i \hat{R}_i",
        "rhat.max()",
        "1 or more",
        "below 1.01",
        source="Vehtari et al. (2021), Bayesian Analysis 16:667",
        no_mcse=True,
    ),
    "min_ess_bulk": Measure(
        "smallest effective sample size of the draws, bulk",
        r"\min_i \mathrm{ESS}_i",
        "ess_bulk.min()",
        "0 or more",
        "100 per chain, or more",
        source="Vehtari et al. (2021), Bayesian Analysis 16:667",
        no_mcse=True,
    ),
    "max_grid_error": Measure(
        "largest numerical error of `quadrature`, in posterior SDs",
        r"\max_i g_i",
        "grid_error.max()",
        "0 or more",
        "far below 1",
        no_mcse=True,
    ),
}

#: Two methods on the same data: table `comparison`; `errors_reference` are those of the reference.
PAIRED = {
    "bias_difference": Measure(
        "bias of the method minus that of the reference",
        r"\frac{1}{n}\sum_i (e_i - e'_i)",
        "np.mean(errors - errors_reference)",
        good="0 if both have the same bias",
        mcse=_MEAN_MCSE % "e - e'",
        mcse_python="np.std(errors - errors_reference, ddof=1) / np.sqrt(n)",
    ),
    "mse_difference": Measure(
        "mean squared error of the method minus that of the reference",
        r"\frac{1}{n}\sum_i (e_i^2 - e_i'^2)",
        "np.mean(errors**2 - errors_reference**2)",
        good="below 0 if the method is better",
        mcse=_MEAN_MCSE % "e^2 - e'^2",
        mcse_python="np.std(errors**2 - errors_reference**2, ddof=1) / np.sqrt(n)",
    ),
    "rmse_ratio": Measure(
        "RMSE of the method divided by that of the reference",
        r"\sqrt{\frac{\sum_i e_i^2}{\sum_i e_i'^2}}",
        "np.sqrt(np.mean(errors**2) / np.mean(errors_reference**2))",
        "0 or more",
        "below 1 if the method is better",
    ),
    "relative_precision": Measure(
        "gain in precision over the reference",
        r"(\frac{\mathrm{EmpSE}'}{\mathrm{EmpSE}})^2 - 1",
        "errors_reference.var(ddof=1) / errors.var(ddof=1) - 1",
        "-1 or more",
        "above 0 if the estimates of the method vary less",
        r"2\,(\frac{\mathrm{EmpSE}'}{\mathrm{EmpSE}})^2\,\sqrt{\frac{1 - \rho^2}{n - 1}}",
        "2 * errors_reference.var(ddof=1) / errors.var(ddof=1) * np.sqrt("
        "(1 - np.corrcoef(errors, errors_reference)[0, 1] ** 2) / (n - 1))",
        source=f"{MORRIS}; $\\rho$ is the correlation of the errors of both methods",
    ),
}

#: Model comparison: table `selection`; `wins` has the generating models in rows.
SELECTION = {
    "confusion": Measure(
        "p(best fit | generating model): how often a fitted model wins",
        r"c_{gf} = \frac{w_{gf}}{n_g}",
        "wins / wins.sum(axis=1, keepdims=True)",
        "0 to 1",
        "1 on the diagonal",
        no_mcse=True,
        source="Wilson & Collins (2019), eLife 8:e49547. Its interval is the central 95 % of a "
        "Beta distribution, with a prior that weighs one win",
    ),
    "inversion": Measure(
        "p(generating model | best fit), if all generating models are equally probable",
        r"\frac{c_{gf}}{\sum_h c_{hf}}",
        "(wins / wins.sum(axis=1, keepdims=True)) / "
        "(wins / wins.sum(axis=1, keepdims=True)).sum(axis=0)",
        "0 to 1",
        "1 on the diagonal",
        no_mcse=True,
        source="Wilson & Collins (2019), eLife 8:e49547",
    ),
}

#: Scores by which models are compared; the highest wins. `k` parameters, `m` choices.
SCORES = {
    "AIC": (
        "minus Akaike's information criterion",
        r"2\,\log L - 2\,k",
        "2 * log_likelihood - 2 * k",
        "Akaike (1974), IEEE Transactions on Automatic Control 19:716",
    ),
    "BIC": (
        "minus the Bayesian information criterion",
        r"2\,\log L - k\,\log m",
        "2 * log_likelihood - k * np.log(m)",
        "Schwarz (1978), Annals of Statistics 6:461",
    ),
    "LOO": (
        "expected log predictive density by leave-one-out cross-validation",
        r"\sum_t \log p(y_t \mid y_{-t})",
        "elpd_loo",
        "Vehtari, Gelman & Gabry (2017), Statistics and Computing 27:1413",
    ),
    "evidence": (
        "log of the marginal likelihood",
        r"\log \int p(y \mid \theta)\,p(\theta)\,d\theta",
        "log_evidence",
        "",
    ),
}
