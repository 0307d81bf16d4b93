"""Traffic lights: whether a method recovers a parameter in a design.

Up to four criteria are compared with their limits in `rlrecovery.report.limits`. A criterion is
green or red only if it is at least `CERTAIN` Monte Carlo standard errors beyond the limit, and
amber otherwise.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

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
    replicates_text,
    true_values_text,
)
from rlrecovery.report.numbers import ROUNDING, enumeration, pm
from rlrecovery.report.rmse_comparison import PooledRmse, baseline_rmse, pooled_rmse
from rlrecovery.score.measures import binomial_se
from rlrecovery.score.pooling import Pooled, mean_over_cells
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
    """Pooled with its MCSE, its description, and its limits."""

    text: str
    value: float
    mcse: float
    limits: Limits

    @property
    def possible(self) -> tuple[str, str]:
        """Return the worst and best colour within the Monte Carlo error."""
        margin = CERTAIN * (self.mcse if np.isfinite(self.mcse) else np.inf)
        worse = -margin if self.limits.higher_is_better else margin
        return self.limits.colour(self.value + worse), self.limits.colour(self.value - worse)

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
    `bias_at`, and `replicates` the number of replicates per cell with an estimate.
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
    replicates: str = "–"


def light_table(summary: Summary) -> list[LightLine]:
    """Return a line for every parameter, level and method in the largest design."""
    design = designs(summary)[-1]
    return [
        line
        for parameter, level, method in itertools.product(
            summary.parameters, levels_estimated(summary), summary.methods
        )
        if (line := light_line(summary, parameter, LineKey(level, method, *design)))
    ]


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
        replicates = replicates_text(cells)
        return LightLine(parameter, key, "red", JUDGEMENTS["red"], reason, replicates=replicates)
    rank = correlation(summary, parameter, key, scopes=("grid",))
    criteria = [
        *_criteria_of_estimates(rmse, rank, baseline_rmse(summary, parameter, key)),
        *_criteria_of_rows(key, cells),
    ]
    light = combined_light(criteria)
    reasons = [c.text for c in criteria if c.light == light and light in ("amber", "red")]
    bias = cells["bias"].dropna(subset=["value"])
    worst = bias.loc[bias["value"].abs().idxmax()]
    return LightLine(
        parameter,
        key,
        light,
        judgement(criteria),
        reasons=enumeration(reasons or [""]),
        bias=pm(worst["value"], worst["mcse"]),
        bias_at=true_values_text(worst, summary),
        rmse=rmse.text,
        coverage=_coverage_text(cells) or "–",
        interval_share=interval_share_text(cells) or "all",
        rank=pm(*rank) if rank else "–",
        replicates=replicates_text(cells),
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
    worst, best = zip(*(criterion.possible for criterion in criteria), strict=True)
    may_be_other = "red" in worst or set(best) == {"green"}
    return UNCERTAIN if light == "amber" and may_be_other else JUDGEMENTS[light]


def combined_light(criteria: Sequence[Criterion]) -> str:
    """Return the worst light; ``none`` if there are no different true values."""
    lights = [criterion.light for criterion in criteria]
    if len(lights) < 3:
        return "none"
    return next((colour for colour in ("red", "amber") if colour in lights), "green")


def _criteria_of_estimates(
    rmse: PooledRmse, rank: Pooled | None, baseline: float | None
) -> Iterator[Criterion]:
    """Yield the criteria of rank correlation and RMSE, if there are different true values."""
    if rank is not None and baseline:
        yield Criterion(f"rank correlation is {pm(*rank)}", *rank, RANK_CORRELATION)
        relative, mcse = rmse.value / baseline, rmse.mcse / baseline
        text = f"RMSE is {pm(relative, mcse, 100)} % of the baseline’s"
        yield Criterion(text, relative, mcse, RELATIVE_RMSE)


def _criteria_of_rows(key: LineKey, cells: Cells) -> Iterator[Criterion]:
    """Yield the criteria of coverage, if there are intervals, and of flagged rows."""
    coverage = pooled_coverage(cells)
    if coverage is not None:
        nominal = float(cells["coverage"]["interval"].iloc[0])
        rows = float(cells["coverage"]["n_rows"].sum())
        mcse = max(coverage.mcse, float(binomial_se(nominal, max(rows, 1.0))))
        text = f"{100 * nominal:g} % intervals cover {_coverage_text(cells, ' %')}"
        yield Criterion(text, nominal - coverage.value, mcse, UNDERCOVERAGE)
    flagged = flagged_share(cells)
    is_group = key.level != "participant"
    limits = dataclasses.replace(FLAGGED, red=np.inf) if is_group else FLAGGED
    yield Criterion(_flagged_text(cells, flagged), *flagged, limits)


def pooled_coverage(cells: Cells) -> Pooled | None:
    """Average coverage over the cells, with its MCSE; None without intervals."""
    if "coverage" not in cells or cells["coverage"]["value"].isna().all():
        return None
    table = cells["coverage"].dropna(subset=["value"])
    # The closed form p (1 - p) / n is too small by the factor (n - 1) / n on average.
    single_row = (table["n"] == table["n_rows"]) & (table["n"] > 1)
    factor = np.sqrt(table["n"] / (table["n"] - 1).where(single_row, table["n"]))
    return mean_over_cells(table.assign(mcse=table["mcse"] * factor))


def _coverage_text(cells: Cells, unit: str = "") -> str:
    """Format coverage in per cent, or as a count if its MCSE is zero; empty without intervals."""
    coverage = pooled_coverage(cells)
    if coverage is None:
        return ""
    if coverage.mcse > ROUNDING:
        return pm(*coverage, 100) + unit
    rows = int(cells["coverage"]["n_rows"].sum())
    return f"{round(coverage.value * rows)} of {rows}"


def flagged_share(cells: Cells) -> Pooled:
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
    return Pooled(share, float(factor * binomial_se(cautious, rows)))


def _flagged_text(cells: Cells, flagged: Pooled) -> str:
    """Format the proportion of flagged rows; a single kind of flag as in the other tables."""
    texts = flagged_texts(cells)
    if len(texts) == 1:
        return f"{next(iter(texts.values()))} flagged"
    return f"{pm(*flagged, 100)} % of rows flagged"
