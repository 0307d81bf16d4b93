"""Traffic lights: the verdicts on every method in the largest design, with their reasons.

The verdicts are those of ``summary/verdicts`` (`rlrecovery.score.verdicts`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.report.lines import (
    Cells,
    LineKey,
    designs,
    flagged_texts,
    headline_cells,
    interval_share_text,
    levels_estimated,
    over_truths,
    replicates_text,
    select,
    true_values_text,
)
from rlrecovery.report.numbers import ROUNDING, enumeration, pm
from rlrecovery.score.criteria import RANK
from rlrecovery.score.results import Summary

#: Colour and meaning of each verdict.
LIGHTS = {
    "yes": ("green", "recovered"),
    "partly": ("amber", "partly recovered"),
    "undecided": ("amber", "not enough data"),
    "no": ("red", "not recovered"),
    "not asked": ("none", "no verdict"),
}


@dataclass(frozen=True)
class LightLine:
    """One line of the table of traffic lights, with formatted values over all true values.

    `light` is ``green``, ``amber``, ``red`` or ``none``, `name` its meaning, and `reasons` the
    criteria that make it amber or red. `bias` is the bias furthest from zero, at the true values
    `bias_at`, and `replicates` the number of replicates per cell with an estimate. `rank` is the
    rank correlation that is judged: of participants within data sets, of groups over true values.
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
    """Compute one line; None if the method does not estimate this parameter and level."""
    cells = headline_cells(summary, parameter, key)
    verdicts = select(summary.verdicts, scope="grid", parameter=parameter, **key._asdict())
    if "share_failed" not in cells or verdicts.empty:
        return None
    verdict = verdicts.iloc[0]
    light, name = LIGHTS[str(verdict["verdict"])]
    causes = [cause for cause in str(verdict["because"]).split(",") if cause]
    pooled = over_truths(summary, parameter, key)
    texts = [_reason(cause, key.level, cells, pooled) for cause in causes]
    line = LightLine(parameter, key, light, name, enumeration(texts or [""]))
    bias = cells["bias"].dropna(subset=["value"]) if "bias" in cells else pd.DataFrame()
    if causes == ["estimate"] or bias.empty:
        return line
    worst = bias.loc[bias["value"].abs().idxmax()]
    rank = pooled.get(RANK[key.level])
    return LightLine(
        parameter,
        key,
        light,
        name,
        reasons=line.reasons,
        bias=pm(worst["value"], worst["mcse"]),
        bias_at=true_values_text(worst, summary),
        rmse=_text(pooled, "rmse"),
        coverage=coverage_text(pooled) or "–",
        interval_share=interval_share_text(cells) or "all",
        rank=pm(rank["value"], rank["mcse"]) if rank is not None else "–",
        replicates=replicates_text(cells),
    )


def _text(pooled: dict[str, pd.Series], measure: str, scale: float = 1.0) -> str:
    row = pooled[measure]
    return pm(row["value"], row["mcse"], scale)


def _reason(cause: str, level: str, cells: Cells, pooled: dict[str, pd.Series]) -> str:
    """Format a criterion that decides a verdict."""
    match cause:
        case "estimate":
            return missing_estimates(cells)
        case "rank_correlation":
            return f"rank correlation is {_text(pooled, RANK[level])}"
        case "relative_rmse":
            return f"RMSE is {_text(pooled, 'relative_rmse', 100)} % of the baseline’s"
        case "undercoverage":
            nominal = pooled["coverage"]["interval"]
            return f"{100 * nominal:g} % intervals cover {coverage_text(pooled, ' %')}"
    return f"{enumeration([*flagged_texts(cells).values()] or ['0 % of rows'])} flagged"


def missing_estimates(cells: Cells) -> str:
    """Count the true values without an estimate."""
    all_cells = set(cells["share_failed"]["cell"])
    with_estimate = cells["rmse"].dropna(subset=["value"])["cell"] if "rmse" in cells else []
    missing = len(all_cells - set(with_estimate))
    return f"no estimate at {missing} of {len(all_cells)} true parameter combinations"


def coverage_text(pooled: dict[str, pd.Series], unit: str = "") -> str:
    """Format coverage in per cent, or as a count if its MCSE is zero; empty without intervals."""
    coverage = pooled.get("coverage")
    if coverage is None or not np.isfinite(coverage["value"]):
        return ""
    if coverage["mcse"] > ROUNDING:
        return pm(coverage["value"], coverage["mcse"], 100) + unit
    rows = int(coverage["n_rows"])
    return f"{round(coverage['value'] * rows)} of {rows}"
