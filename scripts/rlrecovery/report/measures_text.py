"""Description of measures, flagged estimates and model comparison of a study for a paper."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.report.lines import SHARES, select
from rlrecovery.report.markup import cite, name
from rlrecovery.report.numbers import enumeration, percent_below_all
from rlrecovery.score.results import Summary

#: Measures by their names in the summary, in the order of the text.
MEASURES = {
    "bias": "bias (mean of estimate minus true value)",
    "empirical_se": "empirical standard error (standard deviation of these errors)",
    "rmse": "root mean squared error (RMSE)",
    "coverage": "coverage (proportion of intervals that contain the true value)",
    "width": "mean width of the intervals",
    "spearman": "rank correlation of true values and estimates",
    "concordance": f"concordance correlation coefficient {cite('lin1989')}",
    "spearman_within": "rank correlation within data sets",
    "concordance_within": f"concordance within data sets {cite('lin1989')}",
    "reliability": f"reliability (squared correlation within data sets) {cite('lord1968')}",
    "relative_rmse": "RMSE divided by the standard deviation of the true values",
}

#: Criteria of model comparison by their names in the summary.
CRITERIA = {
    "AIC": f"Akaike’s information criterion (AIC) {cite('akaike1974')}",
    "BIC": f"the Bayesian information criterion (BIC) {cite('schwarz1978')}",
    "LOO": f"leave-one-out cross-validation (LOO) {cite('vehtari2017')}",
    "evidence": "the marginal likelihood",
}


def flags_text(experiment: Experiment, summary: Summary) -> Iterator[str]:
    """State how flagged estimates are handled, and how many there are."""
    reasons = ["its fit failed", "it missed a criterion of convergence"]
    if any(settings.bounds_by_parameter() for settings in experiment.methods.values()):
        reasons += [
            "it is at a bound, or is a mean of estimates of which one is",
            "it has no interval, or one that spans all allowed values",
        ]
    listed = "; ".join(reasons[:-1]) + ("; or " if len(reasons) > 2 else " or ") + reasons[-1]
    yield f"An estimate is flagged if {listed}."
    yield (
        "Flagged estimates are kept and counted, and no fit is repeated. A failed fit has no "
        "estimate. Measures of error are computed from all estimates, flagged or not; coverage and "
        "width are computed from all estimates with an interval."
    )
    shares = [f"for {name(method)}, {text}" for method, text in _shares(summary).items()]
    yield f"The proportions of flagged estimates are: {'; '.join(shares)}."


def _shares(summary: Summary) -> dict[str, str]:
    """Proportions of flagged estimates by method, over all cells, parameters and levels."""
    rows = select(summary.recovery, scope="cell")
    rows = rows[rows["measure"].isin(list(SHARES))].astype({"measure": "object"})
    rows = rows.assign(flagged=rows["value"] * rows["n_rows"])
    texts = {}
    for method, of_method in rows.groupby(_methods(rows, summary), sort=False):
        sums = of_method.groupby("measure")[["flagged", "n_rows"]].sum()
        shares = (sums["flagged"] / sums["n_rows"]).to_dict()
        flagged = [f"{_share(shares[m])} {SHARES[m]}" for m in SHARES if shares.get(m, 0) > 0]
        total = f"of {int(sums['n_rows'].max()):,} estimates"
        texts[str(method)] = f"{enumeration(flagged)} ({total})" if flagged else f"none ({total})"
    return texts


def _methods(rows: pd.DataFrame, summary: Summary) -> list[str]:
    """Method of each row, which names a part of the study too if this has several tasks."""
    return [summary.method_of.get(series, series) for series in rows["method"]]


def _share(share: float) -> str:
    """Format a proportion in per cent."""
    return percent_below_all(share) if share < 1 else "100 %"


def measures_text(summary: Summary) -> Iterator[str]:
    """Name the measures and their Monte Carlo standard errors."""
    estimated = set(summary.recovery["measure"])
    listed = [text for measure, text in MEASURES.items() if measure in estimated]
    yield f"The performance measures are {enumeration(listed)}."
    intervals = [f"{100 * level:.10g} %" for level in summary.intervals]
    if intervals:
        yield f"Nominal levels of intervals are {enumeration(intervals)}."
    if "spearman" in estimated:
        within = ", unless they are within data sets" if "spearman_within" in estimated else ""
        yield (
            "Correlations of true values and estimates are computed over all cells that differ "
            f"only in their true values{within}."
        )
    yield (
        f"Each measure has a Monte Carlo standard error {cite('morris2019')}, in which replicates, "
        "not participants, are the independent units. It is computed in closed form where the "
        "measure has one and every replicate has a single estimate, and otherwise by the jackknife "
        "over replicates."
    )
    yield from _largest_errors(summary)


def _largest_errors(summary: Summary) -> Iterator[str]:
    """State the largest Monte Carlo standard error of the coverage of each method."""
    level = summary.headline_interval
    if level is None:
        return
    rows = summary.measure("coverage", interval=level)
    rows = rows[np.isfinite(rows["mcse"])]
    largest = rows.groupby(_methods(rows, summary), sort=False)["mcse"].max()
    texts = [f"{100 * mcse:.2g} for {name(str(method))}" for method, mcse in largest.items()]
    if texts:
        yield (
            f"The largest Monte Carlo standard error of the coverage of {100 * level:.10g} % "
            f"intervals in a cell, in percentage points, is {enumeration(texts)}."
        )


def selection_text(experiment: Experiment, summary: Summary) -> Iterator[str]:
    """State how models are compared, if they are."""
    if summary.selection.empty:
        return
    names = list(dict.fromkeys(summary.selection["criterion"]))
    criteria = [CRITERIA.get(key, name(key)) for key in names]
    units = [f"each {unit}" for unit in dict.fromkeys(summary.selection["unit"])]
    yield (
        f"The models are compared by {enumeration(criteria)}, for {' and for '.join(units)}. "
        "Models with the same score share a win. The results are the proportion of wins of each "
        "fitted model given the generating model, and the probability of each generating model "
        "given the best fit, if all are equally probable beforehand."
    )
    if any(settings.model is None for settings in experiment.methods.values()):
        yield (
            "The performance measures of these methods are computed from the fits of the "
            "generating model."
        )
