"""Verdicts at the top of the report: best method and design for each parameter."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rlrecovery.report.limits import MUCH_LARGER
from rlrecovery.report.lines import (
    LineKey,
    about,
    correlation,
    headline_cells,
    smallest_and_largest,
)
from rlrecovery.report.numbers import enumeration, minus, plural, pm
from rlrecovery.report.rmse_comparison import (
    PooledRmse,
    baseline_rmse,
    clearly_differ,
    pooled_rmses,
)
from rlrecovery.score.pooling import pool_over_truths
from rlrecovery.score.results import Summary

#: Opening clause and text of a sentence.
Finding = tuple[str, str]


def verdicts(summary: Summary) -> list[Finding]:
    """Return a finding per parameter, level and generating model."""
    findings = []
    for parameter, level in itertools.product(summary.parameters, summary.levels):
        rows = summary.measure("rmse", parameter=parameter, level=level)
        estimating = set(rows["method"])
        for model, methods in summary.methods_by_model.items():
            candidates = [method for method in methods if method in estimating]
            if candidates:
                heading = about(summary, parameter, level, model)
                findings.append((heading, verdict(summary, parameter, level, candidates)))
    return findings


def verdict(summary: Summary, parameter: str, level: str, methods: Sequence[str]) -> str:
    """Compare methods for one parameter and level in a sentence.

    It gives the smallest RMSE, methods that are not clearly worse in the same design, and the
    largest RMSE if it clearly differs.
    """
    rmses = pooled_rmses(summary, parameter, level)
    rmses = [rmse for rmse in rmses if rmse.key.method in methods]
    if not rmses:
        return (
            "no method has estimates for all true parameter combinations, so no verdict is given."
        )
    best = min(rmses, key=lambda rmse: rmse.value)
    opening = "smallest RMSE: " if len(rmses) > 1 else ""
    text = f"{opening}{_method_and_design(best.key, summary)} ({_facts(summary, parameter, best)})"
    text += _against_baseline(summary, parameter, best)
    text += _not_clearly_worse(summary, parameter, best, rmses)
    text += _largest(summary, parameter, best, rmses)
    return f"{text}."


def _facts(summary: Summary, parameter: str, best: PooledRmse) -> str:
    """Format the RMSE, rank correlation and proportion of failed fits of the best method."""
    true_values = _true_values(summary, parameter, best.key.method)
    facts = [f"RMSE {pm(best.value, best.mcse)} {true_values}"]
    rank = correlation(summary, parameter, best.key, "spearman", ("grid", "cell"))
    if rank is not None:
        facts.append(f"rank correlation {minus(f'{rank.value:.2f}')}")
    failed = headline_cells(summary, parameter, best.key).get("share_failed")
    if failed is not None and failed["value"].mean() > 0:
        facts.append(f"{100 * failed['value'].mean():.2g} % of the fits failed")
    return ", ".join(facts)


def _against_baseline(summary: Summary, parameter: str, best: PooledRmse) -> str:
    baseline = baseline_rmse(summary, parameter, best.key)
    if not baseline:
        return ""
    if best.value >= baseline:
        return f", which is no better than the baseline (RMSE {baseline:.2g})"
    return f", where the baseline’s RMSE is {baseline:.2g}"


def _not_clearly_worse(
    summary: Summary, parameter: str, best: PooledRmse, rmses: Sequence[PooledRmse]
) -> str:
    """Name methods in the same design that do not clearly differ from the best."""
    similar = [
        f"{rmse.key.method} ({pm(rmse.value, rmse.mcse)})"
        for rmse in rmses
        if rmse is not best
        and rmse.key.design == best.key.design
        and not clearly_differ(summary, parameter, rmse, best)
    ]
    return f"; not clearly better than {enumeration(similar)} in this design" if similar else ""


def _largest(
    summary: Summary, parameter: str, best: PooledRmse, rmses: Sequence[PooledRmse]
) -> str:
    """Format the largest RMSE if it clearly differs from the smallest."""
    worst = max(rmses, key=lambda rmse: rmse.value)
    if not clearly_differ(summary, parameter, worst, best):
        return ""
    phrase = "much larger RMSE" if worst.value >= MUCH_LARGER * best.value else "largest RMSE"
    method = _method_and_design(worst.key, summary)
    return f"; {phrase}: {method} ({pm(worst.value, worst.mcse)})"


def _method_and_design(key: LineKey, summary: Summary) -> str:
    """Format as ``mle with 50 trials``; also name participants if their number varies."""
    varied = len(summary.participants) > 1
    participants = f"{plural(key.participants, 'participant')} and " if varied else ""
    return f"{key.method} with {participants}{plural(key.trials, 'trial')}"


def _true_values(summary: Summary, parameter: str, method: str) -> str:
    """Format the range of true values, for example ``over true values from 2 to 5``."""
    truths = summary.truths_of(parameter, method)
    if truths.empty:
        return "over true values drawn from the population"
    low, high = truths.min(), truths.max()
    if low == high:
        return minus(f"at the true value {low:g}")
    return minus(f"over true values from {low:g} to {high:g}")


def rmse_table(summary: Summary) -> list[tuple[str, str, tuple[int, int], list[str]]]:
    """Format the RMSEs of all methods, by parameter, level, and smallest and largest design."""
    return [
        (parameter, level, design, _rmse_texts(summary, parameter, level, design))
        for parameter, level, design in itertools.product(
            summary.parameters, summary.levels, smallest_and_largest(summary)
        )
    ]


def _rmse_texts(summary: Summary, parameter: str, level: str, design: tuple[int, int]) -> list[str]:
    participants, trials = design
    cells = summary.measure(
        "rmse", parameter=parameter, level=level, participants=participants, trials=trials
    )
    texts = []
    for method in summary.methods:
        pooled = pool_over_truths(summary, cells[cells["method"] == method])
        row = pooled.iloc[0] if len(pooled) else None
        texts.append("–" if row is None else pm(row["value"], row["mcse"]))
    return texts
