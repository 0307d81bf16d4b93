"""Pairs of a sampled and an exact method with the same posterior, for `sampler_check`."""

from __future__ import annotations

from collections.abc import Mapping

from rlrecovery.fit.base import PosteriorKind
from rlrecovery.fit.registry import Method


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
    """Whether the estimates are posterior means of single participants."""
    settings = method.settings
    is_mean = settings.posterior == kind and settings.posterior_point() == "mean"
    return is_mean and method.pooling == "none"


def _same_posterior(method: Method, other: Method) -> bool:
    """Whether two methods have the same model and the same priors at level ``participant``."""
    return method.model == other.model and all(
        method.settings.prior_of(name, "participant")
        == other.settings.prior_of(name, "participant")
        for name in method.fitted_model().names
    )
