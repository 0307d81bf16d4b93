"""Ranks of a value among draws, as numbers between 0 and 1."""

from __future__ import annotations

import numpy as np

from rlrecovery.simulation.task import Floats


def relative_rank(draws: Floats, value: float, rng: np.random.Generator) -> float:
    """Compute (r + U) / (L + 1), where r of L draws are smaller and U is uniform in (0, 1).

    It is uniform if the value and the draws are independent draws from the same distribution. Draws
    that equal the value are placed below and above it at random.
    """
    smaller, ties = int((draws < value).sum()), int((draws == value).sum())
    return float((smaller + rng.random() * (ties + 1)) / (draws.size + 1))
