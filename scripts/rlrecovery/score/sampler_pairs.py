"""Pairs of a sampled and an exact method with the same posterior, for `sampler_check`."""

from __future__ import annotations

from collections.abc import Mapping

from rlrecovery.fitting.base import PosteriorKind
from rlrecovery.fitting.registry import Method


def comparable_pairs(methods: Mapping[str, Method]) -> list[tuple[str, str]]:
    """Find pairs of methods (sampled, exact) that estimate the same posterior means."""
    return [
        (sampled, exact)
        for sampled, method in methods.items()
        if _has_posterior_means(method, "sampled")
        for exact, other in methods.items()
        if _has_posterior_means(other, "exact") and _same_posterior(method, other)
    ]


def _has_posterior_means(method: Method, kind: PosteriorKind) -> bool:
    """Whether the estimates are means of a posterior of this kind."""
    settings = method.settings
    return settings.posterior == kind and settings.posterior_point() == "mean"


def _same_posterior(method: Method, other: Method) -> bool:
    """Whether two methods have the same model, pooling and priors."""
    same_model = method.model == other.model and method.pooling == other.pooling
    return same_model and all(
        method.settings.prior_of(name, level) == other.settings.prior_of(name, level)
        for name in method.fitted_model().names
        for level in method.settings.levels()
    )
