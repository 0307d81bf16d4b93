"""Rows of analyses of effects, for several tests."""

import numpy as np
from scipy import stats

from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import EFFECT_BATCH


def rows(size=0.5, n=400, se=0.25, seed=1, analysis="t_test", factors=False, **changes):
    """z tests of normal estimates, which are exact."""
    rng = np.random.default_rng(seed)
    estimate = rng.normal(size, se, n)
    reach = stats.norm.ppf(0.975) * se
    columns = {
        "replicate": np.arange(n),
        "kind": "group",
        "effect": "patient",
        "parameter": "alpha",
        "analysis": analysis,
        "truth": size,
        "estimate": estimate,
        "se": se,
        "lower": estimate - reach,
        "upper": estimate + reach,
        "p": 2 * stats.norm.sf(np.abs(estimate) / se),
        "log_bayes_factor": estimate**2 / se**2 / 2 - 1 if factors else np.nan,
        "status": "ok",
        "reason": "",
        "seconds": 0.1,
    }
    return conform({name: columns[name] for name in EFFECT_BATCH} | changes, EFFECT_BATCH)
