"""Traffic lights: whether a method recovers a parameter in a design.

Up to four criteria are compared with their limits in `rlrecovery.report.limits`. A criterion is
green or red only if it is at least `CERTAIN` Monte Carlo standard errors beyond the limit, and
amber otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.report.limits import (
    CERTAIN,
    FLAGGED,
    RANK_CORRELATION,
    RELATIVE_RMSE,
    UNDERCOVERAGE,
    Limits,
)
from rlrecovery.report.lines import (
    SHARES,
    Cells,
    LineKey,
    correlation,
    designs,
    flagged_texts,
    headline_cells,
    interval_share_text,
    levels_estimated,
    true_values_text,
)
from rlrecovery.report.numbers import ROUNDING, Value, enumeration, pm
from rlrecovery.report.rmse_comparison import PooledRmse, baseline_rmse, pooled_rmse
from rlrecovery.score.measures import binomial_se
from rlrecovery.score.pooling import mean_over_cells
from rlrecovery.score.results import Summary

#: Meaning of each light; `UNCERTAIN` replaces the meaning of an uncertain amber light.
JUDGEMENTS = {
    "green": "recovered",
    "amber": "partly recovered",
    "red": "not recovered",
    "none": "no verdict",
}
UNCERTAIN = "not enough data"


@dataclass(frozen=True)
class Criterion:
    """Value with its MCSE, its description, and its limits."""

    text: str
    value: float
    mcse: float
    limits: Limits

    @property
    def possible(self) -> tuple[str, str]:
        """Return the worst and best colour within the Monte Carlo error."""
        margin = CERTAIN * (self.mcse if np.isfinite(self.mcse) else np.inf)
        sign = 1.0 if self.limits.higher_is_better else -1.0
        low, high = sign * self.value - margin, sign * self.value + margin
        return self._colour(sign, low), self._colour(sign, high)

    def _colour(self, sign: float, signed_value: float) -> str:
        if signed_value >= sign * self.limits.green:
            return "green"
        return "red" if signed_value < sign * self.limits.red else "amber"

    @property
    def light(self) -> str:
        """Return ``green`` or ``red`` if that is certain, else ``amber``."""
        worst, best = self.possible
        return worst if worst == best else "amber"


@dataclass(frozen=True)
class LightLine:
    """One line of the table of traffic lights, with formatted values over all true values.

    `light` is ``green``, ``amber``, ``red`` or ``none``, `name` its meaning, and `reasons` the
    criteria that make it amber or red. `bias` is the bias furthest from zero, at the true values
    `bias_at`.
    """

    parameter: str
    key: LineKey
    light: str
    name: str
    reasons: str = ""
    bias: str = "–"
    bias_at: str = "–"
    rmse: str = "–"
    coverage: str = "–"
    interval_share: str = "–"
    rank: str = "–"


def light_table(summary: Summary) -> list[LightLine]:
    """Return a line for every parameter, level and method in the largest design."""
    participants, trials = designs(summary)[-1]
    lines = (
        light_line(summary, parameter, LineKey(level, method, participants, trials))
        for parameter in summary.parameters
        for level in levels_estimated(summary)
        for method in summary.methods
    )
    return [line for line in lines if line is not None]


def light_line(summary: Summary, parameter: str, key: LineKey) -> LightLine | None:
    """Compute one line; None if the method does not estimate this parameter and level.

    If a true value has no estimate, the light is red regardless of the other criteria.
    """
    cells = headline_cells(summary, parameter, key)
    rmse = pooled_rmse(summary, parameter, key)
    if "share_failed" not in cells:
        return None
    if rmse is None or "bias" not in cells:
        reason = _missing_estimates(cells)
        return LightLine(parameter, key, "red", JUDGEMENTS["red"], reason)
    criteria = list(applicable_criteria(summary, parameter, rmse, cells))
    light = combined_light(criteria)
    reasons = [c.text for c in criteria if c.light == light and light in ("amber", "red")]
    bias = cells["bias"].dropna(subset=["value"])
    worst = bias.loc[bias["value"].abs().idxmax()]
    rank, coverage = rank_correlation(summary, parameter, key), pooled_coverage(cells)
    return LightLine(
        parameter,
        key,
        light,
        judgement(criteria),
        reasons=enumeration(reasons or [""]),
        bias=pm(worst["value"], worst["mcse"]),
        bias_at=true_values_text(worst, summary),
        rmse=pm(rmse.value, rmse.mcse),
        coverage=_coverage_text(cells["coverage"], coverage) if coverage else "–",
        interval_share=interval_share_text(cells) or "all",
        rank=pm(*rank) if rank else "–",
    )


def _missing_estimates(cells: Cells) -> str:
    """Count the true values without an estimate."""
    all_cells = set(cells["share_failed"]["cell"])
    with_estimate = cells["rmse"].dropna(subset=["value"])["cell"] if "rmse" in cells else []
    missing = len(all_cells - set(with_estimate))
    return f"no estimate at {missing} of {len(all_cells)} true parameter combinations"


def judgement(criteria: Sequence[Criterion]) -> str:
    """Return the meaning of the combined light.

    An amber light means “partly recovered” only if neither green nor red is possible within the
    Monte Carlo error; otherwise it means “not enough data”.
    """
    light = combined_light(criteria)
    worst = [criterion.possible[0] for criterion in criteria]
    best = [criterion.possible[1] for criterion in criteria]
    may_be_other = "red" in worst or set(best) == {"green"}
    return UNCERTAIN if light == "amber" and may_be_other else JUDGEMENTS[light]


def combined_light(criteria: Sequence[Criterion]) -> str:
    """Return the worst light; ``none`` if there are no different true values."""
    lights = [criterion.light for criterion in criteria]
    if len(lights) < 3:
        return "none"
    return next((colour for colour in ("red", "amber") if colour in lights), "green")


def applicable_criteria(
    summary: Summary, parameter: str, rmse: PooledRmse, cells: Cells
) -> Iterator[Criterion]:
    """Yield the criteria that apply to this line."""
    key, baseline = rmse.key, baseline_rmse(summary, parameter, rmse.key)
    rank = rank_correlation(summary, parameter, key)
    if rank is not None and baseline:
        yield Criterion(f"rank correlation is {pm(*rank)}", *rank, RANK_CORRELATION)
        relative, mcse = rmse.value / baseline, rmse.mcse / baseline
        text = f"RMSE is {pm(relative, mcse, 100)} % of the baseline’s"
        yield Criterion(text, relative, mcse, RELATIVE_RMSE)
    coverage = pooled_coverage(cells)
    if coverage is not None:
        nominal = float(cells["coverage"]["interval"].iloc[0])
        rows = float(cells["coverage"]["n_rows"].sum())
        least = float(binomial_se(nominal, max(rows, 1.0)))
        covered = _coverage_text(cells["coverage"], coverage, " %")
        text = f"{100 * nominal:g} % intervals cover {covered}"
        yield Criterion(text, nominal - coverage.value, max(coverage.mcse, least), UNDERCOVERAGE)
    flagged = flagged_share(cells)
    limits = FLAGGED
    if key.level != "participant":
        limits = dataclasses.replace(FLAGGED, red=np.inf)
    yield Criterion(_flagged_text(cells, flagged), *flagged, limits)


def rank_correlation(summary: Summary, parameter: str, key: LineKey) -> Value | None:
    """Return the rank correlation over the true values of a design; None if these do not vary."""
    return correlation(summary, parameter, key, "spearman", ("grid",))


def pooled_coverage(cells: Cells) -> Value | None:
    """Average coverage over the cells, with its MCSE; None without intervals."""
    if "coverage" not in cells or cells["coverage"]["value"].isna().all():
        return None
    table = cells["coverage"].dropna(subset=["value"])
    # The closed form p (1 - p) / n is too small by the factor (n - 1) / n on average.
    single_row = (table["n"] == table["n_rows"]) & (table["n"] > 1)
    factor = np.sqrt(table["n"] / (table["n"] - 1).where(single_row, table["n"]))
    return Value(*mean_over_cells(table.assign(mcse=table["mcse"] * factor)))


def _coverage_text(cells: pd.DataFrame, coverage: Value, unit: str = "") -> str:
    """Format coverage in per cent, or as a count if its MCSE is zero."""
    if coverage.mcse > ROUNDING:
        return pm(*coverage, 100) + unit
    rows = int(cells["n_rows"].sum())
    return f"{round(coverage.value * rows)} of {rows}"


def flagged_share(cells: Cells) -> Value:
    """Compute the proportion of rows that are flagged or failed, with a conservative MCSE.

    The MCSE is that of independent rows multiplied by the largest factor by which the MCSE of a
    single flag exceeds it, because participants of one data set are not independent. One flagged
    and one unflagged row are added first, so proportions of 0 and 1 have an MCSE, too.
    """
    rows = float(cells["share_failed"]["n_rows"].sum())
    unflagged = float(cells["bias_ok"]["n_rows"].sum()) if "bias_ok" in cells else 0.0
    share, factor = 1 - unflagged / rows, 1.0
    for name in SHARES:
        value, mcse = mean_over_cells(cells[name]) if name in cells else (0.0, 0.0)
        independent = binomial_se(value, rows)
        if independent > 0 and np.isfinite(mcse):
            factor = max(factor, mcse / independent)
    cautious = (share * rows + 1) / (rows + 2)
    return Value(share, float(factor * binomial_se(cautious, rows)))


def _flagged_text(cells: Cells, flagged: Value) -> str:
    """Format the proportion of flagged rows; a single kind of flag as in the other tables."""
    texts = flagged_texts(cells)
    if len(texts) == 1:
        return f"{next(iter(texts.values()))} flagged"
    return f"{pm(*flagged, 100)} % of rows flagged"
