"""Whether an effect is mistaken for another one, in sentences.

An effect of size 0 is found where only other effects are present: as when patients differ in alpha,
and an analysis finds a difference in beta.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from rlrecovery.config.effects import settings_of
from rlrecovery.config.settings import Experiment
from rlrecovery.report.effect_results import KNOWN
from rlrecovery.report.effects_words import about, share, the
from rlrecovery.report.lines import select
from rlrecovery.report.numbers import enumeration
from rlrecovery.score.analyses import Analysis, StudiedEffect, effects_of, with_series
from rlrecovery.score.pooling import means_over_cells
from rlrecovery.score.results import Summary
from rlrecovery.score.series import as_text

_KEYS = ("kind", "effect", "parameter", "other_effects", "method", "analysis")


def mistaken_effects(
    summary: Summary, experiment: Experiment, design: tuple[int, int]
) -> list[str]:
    """State for each effect how often it is found where only other effects are present.

    `design` has the numbers of participants and trials. Empty without rows of several effects.
    """
    table = select(summary.effects, measure="type_1", participants=design[0], trials=design[1])
    if table.empty or (as_text(table["other_effects"]) == "").all():
        return []
    pooled = means_over_cells(with_series(table), _KEYS)
    return [
        f"{text[0].upper()}{text[1:]}"
        for effect in effects_of(summary.effects)
        for text in _of_effect(select(pooled, **effect._asdict()), effect, experiment)
    ]


def _of_effect(rows: pd.DataFrame, effect: StudiedEffect, experiment: Experiment) -> Iterator[str]:
    """Yield the sentence of one effect."""
    mixed = rows[(as_text(rows["other_effects"]) != "") & rows["value"].notna()]
    if mixed.empty:
        return
    nominal = settings_of(experiment).significance
    beyond = (mixed["value"] - nominal) / mixed["mcse"].clip(lower=1e-12)
    known = mixed[beyond > KNOWN].sort_values("value", ascending=False)
    what = about(experiment, effect)
    if known.empty:
        highest = mixed.loc[mixed["value"].idxmax()]
        yield (
            f"{what}: where only other effects are present, no analysis finds it clearly more "
            f"often than in {100 * nominal:g} % of data sets. The highest share is "
            f"{share(highest)}, by {the(_label(highest))} ({_others(highest)})."
        )
        return
    listed = enumeration(
        [f"by {the(_label(row))} in {share(row)} ({_others(row)})" for _, row in known.iterrows()]
    )
    yield f"{what} is found where there is none, but other effects are present: {listed}."


def _label(row: pd.Series) -> str:
    return Analysis(str(row["method"]), str(row["analysis"])).label(str(row["kind"]))


def _others(row: pd.Series) -> str:
    """The other effects of a row in words, with a minus sign."""
    return str(row["other_effects"]).replace("-", "−")
