"""Prior SDs on the natural scale, for posterior contraction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import integrate

from rlrecovery.fitting.estimates import Level
from rlrecovery.fitting.registry import Method
from rlrecovery.models.base import Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import PRIORS


def prior_sds(methods: Mapping[str, Method]) -> pd.DataFrame:
    """Compute the prior SD of each parameter of the methods with a posterior, natural scale.

    With partial pooling it is the prior SD of the population's location; participants have no fixed
    prior in this case, because their distribution depends on the data of the others.
    """
    rows = []
    for name, method in methods.items():
        level: Level = "participant" if method.pooling == "none" else "group"
        for parameter in method.fitted_model().parameters:
            prior = method.settings.prior_of(parameter.name, level)
            if prior is not None:
                partial = method.pooling == "partial"
                sd = location_sd(parameter, prior) if partial else float(prior.frozen().std())
                rows.append({"method": name, "level": level, "parameter": parameter.name, "sd": sd})
    return conform(rows, PRIORS)


def location_sd(parameter: Parameter, location: Distribution) -> float:
    """SD on the natural scale for a distribution on the unconstrained scale.

    Closed form for a normal distribution of the log, adaptive quadrature otherwise; infinite if the
    integral does not converge.
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
