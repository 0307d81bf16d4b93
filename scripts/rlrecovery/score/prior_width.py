"""How wide priors are, so that a posterior can be said to be narrower."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import integrate

from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import Parameter, find_model
from rlrecovery.storage.files import conform

#: One row per method, level and parameter whose prior is one distribution on the natural scale.
PRIORS = {"method": "str", "level": "str", "parameter": "str", "sd": "float64"}


def prior_sds(methods: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Prior SD of what Bayesian methods estimate, on the natural scale.

    Parameters
    ----------
    methods : mapping
        `rlrecovery.design.cells.methods_of` the experiment.

    Returns
    -------
    DataFrame
        Columns `PRIORS`. With partial pooling it is that of the population's location; single
        participants have no prior of their own there, as theirs depends on the others' data.
    """
    return conform(list(_rows(methods)), PRIORS)


def _rows(methods: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, method in methods.items():
        if method["estimator"] not in ("bayes", "quadrature"):
            continue
        pooling = method.get("pooling", "none")
        for parameter in find_model(method["model"]).parameters:
            prior = method["priors"][parameter.name]
            level = "participant" if pooling == "none" else "group"
            if pooling == "partial":
                sd = carried_sd(parameter, Distribution.described(prior["location"]))
            else:
                sd = float(Distribution.described(prior).frozen().std())
            yield {"method": name, "level": level, "parameter": parameter.name, "sd": sd}


def carried_sd(parameter: Parameter, location: Distribution) -> float:
    """SD on the natural scale of a quantity with a distribution on the unconstrained scale.

    By adaptive quadrature; infinite where the integral does not converge.
    """
    if parameter.transform == "log" and location.name == "Normal":
        mu, sigma = location.as_dict()["mu"], location.as_dict()["sigma"]
        return float(np.exp(mu + sigma**2 / 2) * np.sqrt(np.expm1(sigma**2)))
    frozen = location.frozen()
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("error", integrate.IntegrationWarning)
        try:
            mean = frozen.expect(parameter.to_natural)
            variance = frozen.expect(lambda value: (parameter.to_natural(value) - mean) ** 2)
        except integrate.IntegrationWarning:
            return np.inf
    return float(np.sqrt(variance)) if np.isfinite(variance) else np.inf
