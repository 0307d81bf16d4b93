"""Summary statistics of behaviour: learning curve, win-stay, lose-shift and arm frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.predictive.dataset import Dataset
from rlrecovery.simulation.layout import first_trial_of_block
from rlrecovery.simulation.task import Floats, Integers

#: Largest number of bins of a learning curve.
MAX_BINS = 15

#: Name of a statistic and the centre of its bin of trials (None if it has no bins).
Key = tuple[str, float | None]
#: Values by key, each with the leading axes of the choices.
Statistics = dict[Key, Floats]


def statistics(
    data: Dataset, neutral: float, n_arms: int, history: Dataset | None = None
) -> Statistics:
    """Compute summary statistics of a data set over all participants, or of one data set per draw.

    A reward above ``neutral`` is a win; all others are losses. The previous response and its reward
    are read from ``history``, by default the data set itself. The arrays have the leading axes of
    the choices; they are NaN where there are no responses to count.

    - ``learning``: share of responses to an arm with the highest mean reward at that trial, in up
      to `MAX_BINS` bins of the trials of a block. ``first_arm``, the share of responses to arm 0,
      replaces it if the means are unknown.
    - ``win_stay``: share of responses that repeat the previous response of the block, after a win.
    - ``lose_shift``: share of responses that differ from the previous one, after a loss.
    - ``side_0``, ``side_1``, ...: share of responses to each arm.
    """
    history = history or data
    previous = _previous_response(history)
    follows, index = data.responded & (previous >= 0), np.maximum(previous, 0)
    won = follows & (np.take_along_axis(history.rewards, index, axis=-1) > neutral)
    repeated = data.choices == np.take_along_axis(history.choices, index, axis=-1)
    shares: Statistics = _learning_curve(data)
    shares["win_stay", None] = _share(repeated, won)
    shares["lose_shift", None] = _share(~repeated, follows & ~won)
    for arm in range(n_arms):
        shares[f"side_{arm}", None] = _share(data.choices == arm, data.responded)
    return shares


def _learning_curve(data: Dataset) -> Statistics:
    """Share of responses to the best arm (or to arm 0) in bins of the trials of a block."""
    if data.means is None:
        name, hits = "first_arm", data.choices == 0
    else:
        name, hits = "learning", data.responded & _is_best(data.choices, data.means)
    position = np.arange(data.blocks.shape[-1]) - first_trial_of_block(data.blocks)
    length = int(position.max()) + 1
    n_bins = min(MAX_BINS, length)
    in_bin = (position.ravel() * n_bins // length)[:, None] == np.arange(n_bins)
    # A matrix product counts the trials of all participants in each bin, a row per draw.
    flat = (*data.choices.shape[:-2], -1)
    n_hits, n_responses = (
        trials.reshape(flat).astype(float) @ in_bin for trials in (hits, data.responded)
    )
    shares = _ratio(n_hits, n_responses)
    edges = -(-np.arange(n_bins + 1) * length // n_bins)
    centres = (edges[:-1] + edges[1:] + 1) / 2
    return {(name, float(centre)): shares[..., k] for k, centre in enumerate(centres)}


def _is_best(choices: Integers, means: Floats) -> NDArray[np.bool_]:
    """Whether no arm has a higher mean reward than the chosen one. In a tie all arms are best."""
    best = means >= means.max(axis=-1, keepdims=True)
    best = np.broadcast_to(best, (*choices.shape, best.shape[-1]))
    chosen = np.maximum(choices, 0)[..., None]
    return np.take_along_axis(best, chosen, axis=-1)[..., 0]


def _previous_response(data: Dataset) -> Integers:
    """Index of the last response before each trial in the same block; -1 if there is none."""
    responses = np.where(data.responded, np.arange(data.choices.shape[-1]), -1)
    latest = np.maximum.accumulate(responses, axis=-1)
    no_response = np.full_like(latest[..., :1], -1)
    previous = np.concatenate([no_response, latest[..., :-1]], axis=-1)
    return np.where(previous >= first_trial_of_block(data.blocks), previous, -1)


def _share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Floats:
    """Share of hits among the selected trials of all participants."""
    return _ratio((hits & among).sum(axis=(-2, -1)), among.sum(axis=(-2, -1)))


def _ratio(part: Any, whole: Any) -> Floats:
    """Quotient; NaN where the denominator is 0."""
    whole = np.broadcast_to(np.asarray(whole, dtype=float), np.shape(part))
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
