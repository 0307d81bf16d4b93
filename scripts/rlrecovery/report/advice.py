"""Sentences about the effect of more trials, participants or another method on the RMSE."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.report.lines import LineKey, about, designs
from rlrecovery.report.numbers import pm
from rlrecovery.report.rmse_comparison import PooledRmse, clearly_differ, pooled_rmses
from rlrecovery.report.verdicts import Finding
from rlrecovery.score.results import Summary


def advice(summary: Summary) -> list[Finding]:
    """Return a finding per parameter, level and generating model, if there is a comparison."""
    findings = []
    for parameter in summary.parameters:
        for level in summary.levels:
            rmses = pooled_rmses(summary, parameter, level)
            for model, methods in summary.methods_by_model.items():
                by_key = {rmse.key: rmse for rmse in rmses if rmse.key.method in methods}
                changes = list(_changes(summary, by_key, parameter))
                if changes:
                    heading = about(summary, parameter, level, model)
                    findings.append((heading, "; ".join(changes) + "."))
    return findings


def _changes(summary: Summary, rmses: dict[LineKey, PooledRmse], parameter: str) -> Iterator[str]:
    """Compare the best method in the largest design with less data and with other methods."""
    participants, trials = designs(summary)[-1]
    largest = [rmse for key, rmse in rmses.items() if key.design == (participants, trials)]
    if not largest:
        return
    best = min(largest, key=lambda rmse: rmse.value)
    fewer_trials = best.key._replace(trials=summary.trials[0])
    if fewer_trials != best.key and fewer_trials in rmses:
        change = f"{trials} instead of {fewer_trials.trials} trials"
        yield _change_text(summary, parameter, change, rmses[fewer_trials], best)
    fewer_participants = best.key._replace(participants=summary.participants[0])
    if fewer_participants != best.key and fewer_participants in rmses:
        change = f"{participants} instead of {fewer_participants.participants} participants"
        yield _change_text(summary, parameter, change, rmses[fewer_participants], best)
    for other in largest:
        if other is not best:
            change = f"{best.key.method} instead of {other.key.method}"
            yield _change_text(summary, parameter, change, other, best)


def _change_text(
    summary: Summary, parameter: str, change: str, before: PooledRmse, after: PooledRmse
) -> str:
    numbers = f"{pm(before.value, before.mcse)} to {pm(after.value, after.mcse)}"
    if not clearly_differ(summary, parameter, before, after):
        return f"{change} made no clear difference (RMSE {numbers})"
    percent = 100 * abs(1 - after.value / before.value)
    verb = "reduced" if after.value < before.value else "increased"
    return f"{change} {verb} the RMSE by {percent:.0f} % ({numbers})"
