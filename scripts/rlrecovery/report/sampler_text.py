"""Sentences that compare sampled with exact posteriors, for each kind of pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.fitting.base import Pooling
from rlrecovery.report.lines import OF_LEVEL
from rlrecovery.report.numbers import plural
from rlrecovery.score.results import Summary
from rlrecovery.score.sampler_check import pool_over_cells

#: A numerical error of the exact posterior is mentioned if it may increase the expected root mean
#: square from 1 to more than this.
NOTICEABLE = 1.05


class Comparison(NamedTuple):
    """Sentences about all pairs of methods with the same pooling."""

    pooling: Pooling
    sentences: list[str]


def comparisons(summary: Summary) -> list[Comparison]:
    """Return the comparisons without pooling, with complete and with partial pooling, if any."""
    table = pool_over_cells(summary.sampler_check)
    if table.empty:
        return []
    by_pooling: dict[Pooling, list[str]] = {"none": [], "complete": [], "partial": []}
    for _, pair in table.groupby(["sampled", "exact"], sort=False):
        pooling = _pooling(pair)
        by_pooling[pooling] += [_sentence(row, pooling) for row in pair.to_dict("records")]
    return [Comparison(pooling, texts) for pooling, texts in by_pooling.items() if texts]


def _pooling(pair: pd.DataFrame) -> Pooling:
    """Return the pooling of two methods, which follows from the levels that they estimate."""
    levels = set(pair["level"])
    if "spread" in levels:
        return "partial"
    return "none" if "participant" in levels else "complete"


def _sentence(row: Mapping[Any, Any], pooling: Pooling) -> str:
    """Describe the differences between two methods for one level and parameter."""
    target, posteriors = row["parameter"], plural(row["posteriors"], "posterior")
    independent = row["posteriors"]
    if pooling != "none":
        target = f"{target} {OF_LEVEL[row['level']]}"
        posteriors = f"{posteriors} in {plural(row['data_sets'], 'data set')}"
        independent = row["data_sets"]
    return (
        f"{row['sampled']} versus {row['exact']}, {target}: over {posteriors}, the means differ by "
        f"{row['rms_z']:.2f} Monte Carlo standard errors (root mean square; "
        f"{_expected(independent, row['rms_error'])}) and by at most "
        f"{row['largest_difference']:.2g} posterior SDs; the sampled SD is on average "
        f"{row['sd_ratio']:.3f} times the exact one."
    )


def _expected(independent: int, error: float) -> str:
    """Format the expected root mean square, with its SD by chance."""
    text = f"1 ± {1 / np.sqrt(2 * independent):.2f} is expected"
    with_error = float(np.hypot(1, error))
    if with_error <= NOTICEABLE:
        return text
    return f"{text}, and up to {with_error:.2f} with the numerical error of the exact posterior"
