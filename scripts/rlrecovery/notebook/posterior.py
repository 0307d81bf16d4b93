"""Posterior draws as an ArviZ DataTree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rlrecovery.fitting.base import Fitter, PosteriorFitter
from rlrecovery.likelihood.data import Observations

if TYPE_CHECKING:
    from xarray import DataTree


def posterior_tree(
    fitter: Fitter,
    data: Observations,
    seed: np.random.SeedSequence,
    names: Sequence[Any],
    draws: int,
) -> DataTree:
    """Draw from the posterior of a data set.

    Parameters
    ----------
    fitter : Fitter
        A fitter of a method with a posterior.
    data, seed
        The data set and the seed of its fit.
    names : sequence
        Names of the participants.
    draws : int
        Number of draws from an exact posterior.

    Returns
    -------
    DataTree
        Group ``posterior``, and ``sample_stats`` if it was sampled.
    """
    from arviz import from_dict  # type: ignore[import-untyped]  # slow, and not needed to fit

    # The children of a seed depend on how many it had before.
    fresh = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    values, statistics = cast(PosteriorFitter, fitter).posterior_draws(data, draws, fresh)
    groups = {"posterior": values} | ({"sample_stats": statistics} if statistics else {})
    # With complete pooling, and in statistics of a joint posterior, there are no participants.
    arrays = [item for group in groups.values() for item in group.items()]
    of_participants = {name: ["participant"] for name, array in arrays if array.ndim > 2}
    return from_dict(groups, coords={"participant": list(names)}, dims=of_participants)
