"""Summaries of studies whose measures are known functions of the design."""

import itertools

import numpy as np
import pandas as pd

from rlrecovery.config.reader import parse
from rlrecovery.score.results import Summary
from unit.config.experiments import valid

TABLES = (
    *("points", "failures", "participant", "posterior", "sampler_check", "comparison"),
    *("priors", "crossed", "selection", "predictive"),
)
TRIALS, PARTICIPANTS, TRUTHS = (60, 120, 240), (10, 20, 40), (0.2, 0.5)
RMSE = {"measure": "rmse", "parameter": "alpha", "at_most": 0.1}


def rmse(participants, trials):
    """A plane on the log scale; the RMSE of participants is 0.1 for 99.9 trials."""
    return 0.1 * (trials / 99.9) ** -0.5


def both(participants, trials):
    """A plane in which trials and participants replace each other: 0.1 for 1999 in all."""
    return 0.1 * (participants * trials / 1999) ** -0.5


def experiment(targets=None, participants=PARTICIPANTS, trials=TRIALS, **keys):
    """An experiment of one method with these requirements."""
    raw = valid() | {"participants": list(participants), "trials": list(trials)}
    raw["truth"] = {"alpha": list(TRUTHS), "beta": [2]}
    raw["methods"] = {"mle": raw["methods"]["mle"]}
    return parse(raw | {"targets": {"precise": RMSE} if targets is None else targets} | keys)


def summary(
    functions=None, participants=PARTICIPANTS, trials=TRIALS, noise=0.0, relative=0.02, rng=None
):
    """A summary with a participant's RMSE, and other measures, of ``alpha`` by ``mle``.

    ``functions`` has the measures as functions of participants, trials and true value, ``noise``
    is the SD of their Monte Carlo errors in MCSEs, and ``relative`` the MCSE as a share.
    """
    functions = {"rmse": lambda n, t, truth: rmse(n, t)} if functions is None else functions
    rng = np.random.default_rng(0) if rng is None else rng
    rows = []
    for n, t, truth, (name, function) in itertools.product(
        participants, trials, TRUTHS, functions.items()
    ):
        measure, level = name.split("/") if "/" in name else (name, "participant")
        value = function(n, t, truth) * np.exp(noise * relative * rng.standard_normal())
        found = {measure: (value, relative * value)}
        if measure == "rmse":
            found["mse"] = (value**2, 2 * relative * value**2)
            found |= {"bias": (0.1 * value, 0.001)} if "bias" not in functions else {}
        for key, (number, mcse) in found.items():
            rows.append(
                {"scope": "cell", "method": "mle", "cell": f"a-{truth}_n-{n}_t-{t}", "alpha": truth,
                 "beta": 2.0, "participants": n, "trials": t, "variant": "", "model": "",
                 "level": level, "parameter": "alpha", "rows": "all", "measure": key,
                 "interval": 0.95 if key in ("coverage", "width") else np.nan,
                 "value": number, "mcse": mcse, "n": 20, "n_rows": 20 * n}
            )  # fmt: skip
    empty = {name: pd.DataFrame() for name in TABLES}
    return Summary(recovery=pd.DataFrame(rows), example={}, method_of={"mle": "mle"}, **empty)
