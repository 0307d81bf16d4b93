"""Results of one effect in one design, for sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from rlrecovery.config.effects import settings_of
from rlrecovery.config.settings import Experiment
from rlrecovery.figures.uncertainty import Z
from rlrecovery.report.effects_words import Row
from rlrecovery.report.lines import select
from rlrecovery.score.analyses import (
    Analysis,
    StudiedEffect,
    analyses_of,
    designs_of,
    over_truths,
    with_series,
)
from rlrecovery.score.results import Summary
from rlrecovery.score.series import as_text

#: A type I error is known to be above its nominal level from this many MCSEs above it.
KNOWN: Final = 2.0
#: Power at which an effect is said to be found.
ENOUGH: Final = 0.8
#: Of the largest number of data sets, the share that the best analysis rests on at least; it is
#: below 1 because fits to some data sets may fail.
MOST_OF: Final = 0.9
#: Measures that are shown.
MEASURES: Final = (
    *("power", "type_1", "bias", "coverage", "type_s", "type_m", "share_failed", "share_flagged"),
)


@dataclass(frozen=True)
class Results:
    """Results of one effect in one design.

    Attributes
    ----------
    experiment : Experiment
        The study.
    effect : StudiedEffect
        The effect.
    design : tuple of int
        Participants and trials.
    sizes : tuple of float
        True sizes other than 0, the largest first.
    rows : dict
        Pooled measures by analysis, measure and size.
    cells : DataFrame
        Rows of the table ``effects`` of this effect and design.
    detectable : dict
        Row of the table ``detectable`` by analysis, if there is one.
    """

    experiment: Experiment
    effect: StudiedEffect
    design: tuple[int, int]
    sizes: tuple[float, ...]
    rows: Mapping[tuple[Analysis, str, float], Row]
    cells: pd.DataFrame
    detectable: Mapping[Analysis, Row]

    @property
    def analyses(self) -> list[Analysis]:
        """Analyses in the order of the report."""
        return analyses_of(self.cells)

    @property
    def nominal(self) -> float:
        """Significance level."""
        return settings_of(self.experiment).significance

    def label(self, analysis: Analysis) -> str:
        """Name of an analysis."""
        return analysis.label(self.effect.kind)

    def row(self, analysis: Analysis, measure: str, size: float) -> Row | None:
        """A pooled measure; None if it is missing."""
        row = self.rows.get((analysis, measure, size))
        return row if row is not None and np.isfinite(row["value"]) else None

    def is_known_above(self, analysis: Analysis) -> bool:
        """Whether the type I error is known to be above its nominal level."""
        row = self.row(analysis, "type_1", 0.0)
        return row is not None and row["value"] - self.nominal > KNOWN * row["mcse"]

    @cached_property
    def decisive(self) -> float:
        """The size that answers are about: the smallest that is found often enough.

        If none is, the largest.
        """
        for size in reversed(self.sizes):
            if any(power >= ENOUGH for power in self._powers(size).values()):
                return size
        return self.sizes[0]

    def _powers(self, size: float) -> dict[Analysis, float]:
        """Power of the analyses whose type I error is not known to be above its nominal level."""
        return {
            a: row["value"]
            for a in self.analyses
            if (row := self.row(a, "power", size)) is not None
            and self.row(a, "type_1", 0.0) is not None
            and not self.is_known_above(a)
        }

    def eligible(self) -> list[Analysis]:
        """Analyses that can be recommended, the best first.

        The best one has the smallest bias of those whose power at the decisive size is not clearly
        lower than the highest; the others follow by power. One that rests on clearly fewer data
        sets than others is not the best one: its power may be high, and its bias small, by chance.
        """
        size = self.decisive
        powers = self._powers(size)
        kept = sorted(powers, key=lambda a: -powers[a])
        biases = {a: self.row(a, "bias", size) for a in kept}
        size_of = {a: np.inf if row is None else abs(row["value"]) for a, row in biases.items()}
        counts = {a: self.rows[a, "power", size]["n"] for a in kept}
        many = [a for a in kept if counts[a] >= MOST_OF * max(counts.values())]
        close = [a for a in many if self.is_close(many[0], a)]
        best = sorted(close, key=lambda a: size_of[a])[:1]
        return [*best, *(a for a in kept if a not in best)]

    def is_close(self, one: Analysis, other: Analysis) -> bool:
        """Whether two powers at the decisive size differ by less than their Monte Carlo error."""
        rows = [self.rows[a, "power", self.decisive] for a in (one, other)]
        difference = abs(rows[0]["value"] - rows[1]["value"])
        return bool(difference <= Z * np.hypot(rows[0]["mcse"], rows[1]["mcse"]))


def largest_design(table: pd.DataFrame) -> tuple[int, int]:
    """The design with the most participants and, of these, the most trials."""
    return designs_of(table)[-1]


def results_of(
    summary: Summary, experiment: Experiment, effect: StudiedEffect, design: tuple[int, int]
) -> Results:
    """Collect the results of an effect in a design."""
    where = {**effect._asdict(), "participants": design[0], "trials": design[1]}
    pooled = select(over_truths(summary.effects, MEASURES), **where)
    cells = with_series(select(summary.effects, **where))
    cells = cells[as_text(cells["other_effects"]) == ""]
    sizes = sorted((float(s) for s in pooled["size"].unique() if s), key=lambda s: (-abs(s), s))
    rows = {
        (Analysis(row["method"], row["analysis"]), row["measure"], float(row["size"])): row
        for row in pooled.to_dict("records")
    }
    return Results(
        experiment,
        effect,
        design,
        tuple(sizes),
        rows,
        cells,
        _detectable(summary, where, sizes[0] if sizes else 0.0),
    )


def _detectable(
    summary: Summary, where: Mapping[str, object], largest: float
) -> dict[Analysis, Row]:
    """Rows of the sizes with a given power: over the true values, or of the only one.

    Where effects of both signs are simulated, the rows with the sign of the largest size. A row
    without a size has the sign of its interval.
    """
    if summary.detectable.empty:
        return {}
    table = select(with_series(summary.detectable), **where)
    table = table[as_text(table["other_effects"]) == ""]
    rows: dict[Analysis, Row] = {}
    for key, part in table.groupby(["method", "analysis"], sort=False):
        pooled = part[as_text(part["cell"]) == ""]
        chosen = pooled if len(pooled) else part
        signs = np.sign(chosen["size"].fillna(chosen["upper"]).fillna(0.0) * largest)
        # A row whose sign is not known is used if there is no other.
        chosen = chosen.assign(sign=signs)[signs >= 0].sort_values("sign", kind="stable")
        chosen = chosen[::-1].drop(columns="sign")
        if len(chosen) and len(set(chosen["cell"])) == 1:
            rows[Analysis(*map(str, key))] = chosen.iloc[0].to_dict()
    return rows
